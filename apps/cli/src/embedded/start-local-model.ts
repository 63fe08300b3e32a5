import { AppError } from '@nexus/core';
import type { CliContext } from '../cli-context.js';
import type { StopList } from './stop-list.js';

/**
 * The URL of a local model: that of NEXUS_LOCAL_MODEL_URL, else of one that is started here on a free port when NEXUS_LOCAL_MODEL names its
 * file; undefined when there is none. Throws AppError when the model cannot run.
 */
export async function startLocalModel({ config, environment }: Pick<CliContext, 'config' | 'environment'>, stops: StopList): Promise<string | undefined> {
  if (config.localModelUrl !== undefined || config.localModel === undefined) return config.localModelUrl;
  const local = await import('@nexus/local-model/module');
  const model = await local.startLocalModel({ ...readConfig(local, { ...environment }), host: '127.0.0.1', port: 0 });
  stops.add((graceMs) => model.close(graceMs));
  return model.url;
}

function readConfig({ readLocalModelConfig }: typeof import('@nexus/local-model/module'), environment: Record<string, string | undefined>) {
  try {
    return readLocalModelConfig(environment);
  } catch (cause) {
    throw new AppError('invalid_configuration', `The environment, or .env, is wrong:\n${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
