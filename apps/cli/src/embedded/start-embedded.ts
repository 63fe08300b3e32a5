import { AppError, DEVELOPMENT_TENANT_ID } from '@nexus/core';
import type { CliContext } from '../cli-context.js';
import type { DataFolder } from '../data-folder.js';
import type { Found } from '../format/found.js';
import { ensureDailyCeiling } from './development-budget.js';
import type { EndRequest } from './end-request.js';
import type { FirstQuestion } from './first-question.js';
import { loadServices } from './load-services.js';
import { openChannels } from './open-channels.js';
import { openLog } from './open-log.js';
import { openPostgres } from './open-postgres.js';
import { requireFreePort } from './port-check.js';
import { startDemoModel } from './start-demo-model.js';
import { startServices } from './start-services.js';
import type { StopList } from './stop-list.js';
import { together } from './together.js';

/** NEXUS in this process, serving. */
export interface EmbeddedNexus extends Pick<FirstQuestion, 'bus' | 'clients' | 'serviceToken' | 'runtime'> {
  /** Of the gateway. */
  readonly url: string;
  readonly found: Found;
}

/** Starts everything in this process, as much of it as possible at the same time. What was started is in `stops`, also when it rejects. */
export async function startEmbedded(context: CliContext, stops: StopList, end: EndRequest): Promise<EmbeddedNexus> {
  const { config, folder, terminal } = context;
  requireUnused(folder);
  await requireFreePort(config.host, config.port);
  folder.prepare();
  const secrets = {
    NEXUS_DEV_API_KEY: config.developmentKey ?? folder.keepSecret('dev-api-key', 'nxs_'),
    NEXUS_SERVICE_TOKEN: config.serviceToken ?? folder.keepSecret('service-token', ''),
  };
  const [postgres, channels, services, demoModelUrl] = await together(
    openPostgres(context, stops, end),
    openChannels(context, stops, end),
    loadServices(),
    startDemoModel(context, stops),
  );
  const { runtime } = services;
  // Not before the database, whose folder only one NEXUS gets: another one's log stays its own.
  const log = openLog(config.dataDir, terminal, stops);
  const environment = { ...context.environment, ...secrets, NEXUS_CONFIG_DIR: config.configDir, NEXUS_DATA_DIR: config.dataDir, NEXUS_DEMO_MODEL_URL: demoModelUrl };
  const read = runtime.readConfig({ ...environment, DATABASE_URL: postgres.url, NEXUS_HOST: config.host, NEXUS_PORT: String(config.port) }, 'gateway');
  const clients = new runtime.ServiceClients({ serviceToken: read.serviceToken, urls: read.urls });
  stops.add(async () => clients.close());
  const logger = runtime.createLogger({ level: read.logLevel, destination: log });
  const gateway = await startServices(services, { bus: channels.bus, clients, logger, environment, config: read }, stops);
  const [dailyLimit, { providers }] = await together(ensureDailyCeiling(clients, runtime), clients.providers.listProviders({}, runtime.asTenant(DEVELOPMENT_TENANT_ID)));
  return {
    bus: channels.bus, clients, runtime, serviceToken: read.serviceToken,
    url: gateway.url ?? '',
    found: {
      postgres: postgres.found, channels: channels.found, providers, dailyLimit, logFile: log.file,
      key: config.developmentKey === undefined ? { kind: 'made', file: folder.fileOf('dev-api-key'), secret: secrets.NEXUS_DEV_API_KEY } : { kind: 'given' },
    },
  };
}

function requireUnused(folder: DataFolder): void {
  const other = folder.running();
  if (other === undefined) return;
  throw new AppError('already_running', `NEXUS runs already: ${other.url}, process ${other.pid}. Stop it first; or, for a second one, give it its own NEXUS_DATA_DIR and NEXUS_PORT.`);
}
