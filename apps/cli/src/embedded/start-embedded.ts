import { AppError } from '@nexus/core';
import type { ServiceClients } from '@nexus/runtime';
import type { CliContext } from '../cli-context.js';
import type { DataFolder } from '../data-folder.js';
import type { Found } from '../format/found.js';
import type { EndRequest } from './end-request.js';
import type { FirstQuestion } from './first-question.js';
import { openChannels } from './open-channels.js';
import { openLog, type OpenLog } from './open-log.js';
import { openPostgres } from './open-postgres.js';
import { requireFreePort } from './port-check.js';
import { startDemoModel } from './start-demo-model.js';
import { startLocalModel } from './start-local-model.js';
import type { StopList } from './stop-list.js';
import { together } from './together.js';

/** NEXUS in this process, serving. */
export interface EmbeddedNexus extends Pick<FirstQuestion, 'bus' | 'config'> {
  readonly clients: ServiceClients;
  /** Of the gateway. */
  readonly url: string;
  readonly found: Found;
  readonly log: OpenLog;
}

/** Starts everything in this process, as much of it as possible at the same time. What was started is in `stops`, also when it rejects. */
export async function startEmbedded(context: CliContext, stops: StopList, end: EndRequest): Promise<EmbeddedNexus> {
  const { config, folder, terminal } = context;
  requireUnused(folder);
  await requireFreePort(config.host, config.port);
  folder.prepare();
  const developmentKey = config.developmentKey ?? folder.keepSecret('dev-api-key', 'nxs_');
  const serviceToken = config.serviceToken ?? folder.keepSecret('service-token', '');
  const [postgres, channels, { composeServices }, demoModelUrl, localModelUrl] = await together(
    openPostgres(context, stops, end),
    openChannels(context, stops, end),
    // The largest import, while the servers start.
    import('./compose.js'),
    startDemoModel(context, stops),
    startLocalModel(context, stops),
  );
  // Not before the database, whose folder only one NEXUS gets: another one's log stays its own.
  const log = openLog(config.dataDir, terminal, stops);
  const environment = {
    // Who tries webhooks on a machine of their own has the receiver there too; the environment may say otherwise.
    NEXUS_WEBHOOKS_ALLOW_PRIVATE: 'true',
    ...context.environment,
    // What is set for services that run apart must not lead these elsewhere.
    ...(postgres.found.kind === 'private' && { DATABASE_ADMIN_URL: undefined }),
    NEXUS_GATEWAY_PORT: undefined,
    DATABASE_URL: postgres.url,
    NEXUS_CONFIG_DIR: config.configDir, NEXUS_DATA_DIR: config.dataDir, NEXUS_HOST: config.host, NEXUS_PORT: String(config.port),
    NEXUS_DEV_API_KEY: developmentKey, NEXUS_SERVICE_TOKEN: serviceToken, NEXUS_DEMO_MODEL_URL: demoModelUrl,
    NEXUS_LOCAL_MODEL_URL: localModelUrl,
  };
  const { url, clients, config: read, providers, dailyLimit } = await composeServices(environment, channels, log, stops);
  const key: Found['key'] = config.developmentKey === undefined ? { kind: 'made', file: folder.fileOf('dev-api-key'), secret: developmentKey } : { kind: 'given' };
  return { bus: channels.bus, clients, config: read, url, log, found: { postgres: postgres.found, channels: channels.found, providers, dailyLimit, key, logFile: log.file } };
}

function requireUnused(folder: DataFolder): void {
  const other = folder.running();
  if (other === undefined) return;
  throw new AppError('already_running', `NEXUS runs already: ${other.url}, process ${other.pid}. Stop it first; or, for a second one, give it its own NEXUS_DATA_DIR and NEXUS_PORT.`);
}
