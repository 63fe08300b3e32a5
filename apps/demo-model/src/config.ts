import { z } from 'zod';

/** The demo model's variables. */
export const demoModelEnvironmentSchema = z.object({
  NEXUS_DEMO_MODEL_HOST: z.string().min(1).default('127.0.0.1').describe('Address that the demo model listens on. It asks for no key: keep it on loopback or on a private network.'),
  NEXUS_DEMO_MODEL_PORT: z.coerce.number('must be a number').int('must be a whole number').min(0, 'must be 0 or more').max(65_535, 'must be 65535 or less').default(50_060).describe('Port that the demo model listens on; 0 takes a free one.'),
});

export interface DemoModelConfig {
  readonly host: string;
  readonly port: number;
}

/** Reads the configuration from the environment. Throws an Error with one line for every variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): DemoModelConfig {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = demoModelEnvironmentSchema.safeParse(set);
  if (!parsed.success) throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  return { host: parsed.data.NEXUS_DEMO_MODEL_HOST, port: parsed.data.NEXUS_DEMO_MODEL_PORT };
}
