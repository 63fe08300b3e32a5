import { AppError } from '@nexus/core';
import type { CliConfig } from './config.js';
import type { DataFolder } from './data-folder.js';

/** Where the gateway is, and with which key it is asked. */
export interface GatewayAccess {
  readonly url: string;
  readonly key: string;
  /** Where the key was found, for a message when it is refused. */
  readonly keySource: string;
}

/** What is known without being told: the environment first, then what `nexus up` left in the data folder. */
export function findGateway(config: CliConfig, folder: DataFolder, url?: string): GatewayAccess {
  const found = findKey(config, folder);
  if (found === undefined) {
    throw new AppError('no_key', `No API key. Start NEXUS here with \`npm start\`, which makes one in ${folder.path}, or set NEXUS_API_KEY.`);
  }
  return { ...found, url: findGatewayUrl(config, folder, url) };
}

/** Where the gateway is, without a slash at its end. */
export function findGatewayUrl(config: Pick<CliConfig, 'gatewayUrl' | 'port'>, folder: Pick<DataFolder, 'running'>, url?: string): string {
  return (url ?? config.gatewayUrl ?? folder.running()?.url ?? `http://127.0.0.1:${config.port}`).replace(/\/+$/, '');
}

function findKey(config: CliConfig, folder: DataFolder): Pick<GatewayAccess, 'key' | 'keySource'> | undefined {
  if (config.apiKey !== undefined) return { key: config.apiKey, keySource: 'NEXUS_API_KEY' };
  if (config.developmentKey !== undefined) return { key: config.developmentKey, keySource: 'NEXUS_DEV_API_KEY' };
  const key = folder.readSecret('dev-api-key');
  return key === undefined ? undefined : { key, keySource: folder.fileOf('dev-api-key') };
}
