import { invalidConfiguration, type Environment } from '@nexus/runtime';
import { z } from 'zod';

const HOST_AND_PORT = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/;

/** The service's own variables. */
export const toolExecutorEnvironmentSchema = z.object({
  NEXUS_TOOL_ALLOW_HOSTS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((entry) => entry.trim()).filter((entry) => entry !== ''))
    .pipe(z.array(z.string().regex(HOST_AND_PORT, 'must be host:port, several with commas between, e.g. wiki.internal:8080,[::1]:80')))
    .describe('Hosts that `load_web_page` may read although their addresses are not public: `host:port` as in their URLs, with commas between. Default: none.'),
  NEXUS_TOOL_MATH_PROCESSES: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(64, 'must be at most 64')
    .default(2)
    .describe('Expressions that `math_solver` calculates at once, each in a process of its own (about 60 MB); further ones wait.'),
});

export interface ToolExecutorConfig {
  /** `host:port`. */
  readonly allowHosts: readonly string[];
  readonly mathProcesses: number;
}

/** Throws an AppError `invalid_configuration` that says what to do, and no value. An empty variable counts as unset. */
export function readToolExecutorConfig(environment: Environment): ToolExecutorConfig {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = toolExecutorEnvironmentSchema.safeParse(set);
  if (!parsed.success) throw invalidConfiguration('tool-executor', parsed.error);
  return { allowHosts: parsed.data.NEXUS_TOOL_ALLOW_HOSTS, mathProcesses: parsed.data.NEXUS_TOOL_MATH_PROCESSES };
}
