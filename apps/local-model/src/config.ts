import { basename } from 'node:path';
import { z } from 'zod';

const whole = (least: number, most: number) => z.coerce.number('must be a number').int('must be a whole number').min(least, `must be ${least} or more`).max(most, `must be ${most} or less`);

/** The local model's variables. */
export const localModelEnvironmentSchema = z.object({
  NEXUS_LOCAL_MODEL: z.string('must be the path of a model file').describe('Path of the model, a file of the GGUF format. `npm start` serves it too when this is set.'),
  NEXUS_LOCAL_MODEL_NAME: z.string().regex(/^[\w.:/-]{1,128}$/, 'must be up to 128 letters, digits and . : / _ -').optional().describe('Name by which the model is asked for; default: that of its file, without `.gguf`.'),
  NEXUS_LOCAL_MODEL_HOST: z.string().min(1).default('127.0.0.1').describe('Address that the local model listens on. It asks for no key: keep it on loopback or on a private network.'),
  NEXUS_LOCAL_MODEL_PORT: whole(0, 65_535).default(50_061).describe('Port that the local model listens on; 0 takes a free one.'),
  NEXUS_LOCAL_MODEL_CONTEXT: whole(64, 10_000_000).default(8_192).describe('Most tokens of a conversation and its answer together; never more than the model was trained for. Memory grows with it.'),
  NEXUS_LOCAL_MODEL_PARALLEL: whole(1, 64).default(2).describe('Conversations that are answered at the same time, each with a context of its own.'),
  NEXUS_LOCAL_MODEL_WAITING: whole(0, 10_000).default(32).describe('Calls that may wait for their turn; one more is refused, to be asked again later or somewhere else.'),
  NEXUS_LOCAL_MODEL_THREADS: whole(0, 256).default(0).describe('Threads that one answer is computed with; 0: as many as the processor has cores for it.'),
  NEXUS_LOCAL_MODEL_GPU: z.enum(['auto', 'off'], 'must be `auto` or `off`').default('auto').describe('`auto` uses a graphics card where there is one and its binaries are installed (see apps/local-model/README.md).'),
});

export interface LocalModelConfig {
  readonly file: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly contextTokens: number;
  readonly parallel: number;
  readonly waiting: number;
  /** 0: as many as the processor has cores for it. */
  readonly threads: number;
  readonly gpu: 'auto' | 'off';
}

/** Reads the configuration from the environment. Throws an Error with one line for every variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): LocalModelConfig {
  const parsed = localModelEnvironmentSchema.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')));
  if (!parsed.success) throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  const read = parsed.data;
  return {
    file: read.NEXUS_LOCAL_MODEL,
    name: read.NEXUS_LOCAL_MODEL_NAME ?? basename(read.NEXUS_LOCAL_MODEL).replace(/\.gguf$/i, ''),
    host: read.NEXUS_LOCAL_MODEL_HOST,
    port: read.NEXUS_LOCAL_MODEL_PORT,
    contextTokens: read.NEXUS_LOCAL_MODEL_CONTEXT,
    parallel: read.NEXUS_LOCAL_MODEL_PARALLEL,
    waiting: read.NEXUS_LOCAL_MODEL_WAITING,
    threads: read.NEXUS_LOCAL_MODEL_THREADS,
    gpu: read.NEXUS_LOCAL_MODEL_GPU,
  };
}
