import { createClient, type Client } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { createRouterTransport } from '@connectrpc/connect';
import { memoryBus, type ChannelBus, type Message } from '@nexus/channels';
import { DeadLetterService, DirectoryService, IdentityService, PeopleService, ProviderService, SettingsService, ToolService, WebhookService } from '@nexus/contracts';
import { DEVELOPMENT_TENANT_ID, systemClock, type Clock } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { ServiceClients, createLogger, openDatabase, serviceNames, startService, type Infrastructure, type RunningService, type ServiceName } from '@nexus/runtime';
import { settingsService } from '../src/settings.module.js';

export const SERVICE_TOKEN = 'service-token-of-the-tests';
export const DEV_SECRET = 'development-secret-1';

export interface SettingsUnderTest {
  readonly bus: ChannelBus;
  readonly database: Database;
  readonly changes: Message<'settings.changed'>[];
  readonly url: string;
  /** A client that sends this bearer secret; with a service token, for this tenant. */
  settings(secret: string, tenantId?: string): Client<typeof SettingsService>;
  directory(secret: string, tenantId?: string): Client<typeof DirectoryService>;
  people(secret: string, tenantId?: string): Client<typeof PeopleService>;
  identity(secret: string, tenantId?: string): Client<typeof IdentityService>;
  webhooks(secret: string, tenantId?: string): Client<typeof WebhookService>;
  deadLetters(secret: string, tenantId?: string): Client<typeof DeadLetterService>;
  stop(): Promise<void>;
}

export interface SettingsTestOptions {
  readonly secret?: string;
  readonly neighboursAnswer?: boolean;
  readonly clock?: Clock;
  readonly environment?: Readonly<Record<string, string>>;
  readonly replica?: string;
  /** Gets every line of the log. */
  readonly logTo?: { write(line: string): void };
}

/** The settings service on a real database, beside a provider-router and a tool-executor that answer as told. */
export async function startSettings(databaseUrl: string, options: SettingsTestOptions = {}): Promise<SettingsUnderTest> {
  const logger = options.logTo === undefined ? createLogger({ level: 'silent' }) : createLogger({ level: 'trace', destination: options.logTo });
  const environment = { NEXUS_DEV_API_KEY: options.secret ?? DEV_SECRET, ...options.environment };
  const database = await openDatabase(settingsService, { databaseUrl, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN }, logger);
  if (database === undefined) throw new Error('settings has storage');
  const bus = memoryBus();
  const changes: Message<'settings.changed'>[] = [];
  const followed = bus.follow('settings.changed', (batch) => void changes.push(...batch));
  await followed.ready;
  const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
  if (options.neighboursAnswer !== false) offerNeighbours(clients);
  const infrastructure: Infrastructure = { bus, database, clients, logger, clock: options.clock ?? systemClock, environment, serviceToken: SERVICE_TOKEN, replica: options.replica ?? 'test-1' };
  const service: RunningService = await startService(settingsService, infrastructure, { listen: true, port: 0 });
  const transport = (secret: string, tenantId?: string) =>
    createGrpcTransport({
      baseUrl: service.url ?? '',
      interceptors: [(next) => (request) => {
        request.header.set('authorization', `Bearer ${secret}`);
        if (tenantId !== undefined) request.header.set('x-nexus-tenant', tenantId);
        return next(request);
      }],
    });
  return {
    bus, database, changes, url: service.url ?? '',
    settings: (secret, tenantId) => createClient(SettingsService, transport(secret, tenantId)),
    deadLetters: (secret, tenantId) => createClient(DeadLetterService, transport(secret, tenantId)),
    directory: (secret, tenantId) => createClient(DirectoryService, transport(secret, tenantId)),
    webhooks: (secret, tenantId) => createClient(WebhookService, transport(secret, tenantId)),
    people: (secret, tenantId) => createClient(PeopleService, transport(secret, tenantId)),
    identity: (secret, tenantId) => createClient(IdentityService, transport(secret, tenantId)),
    async stop() {
      await service.stop(1_000);
      await followed.stop();
      clients.close();
      await bus.close();
      await database.close();
    },
  };
}

function offerNeighbours(clients: ServiceClients): void {
  clients.offer('provider-router', createRouterTransport((router) => router.service(ProviderService, {
    listProviders: () => ({ providers: [{ name: 'demo', isConfigured: true }, { name: 'openai', keyVariable: 'OPENAI_API_KEY' }] }),
  })));
  clients.offer('tool-executor', createRouterTransport((router) => router.service(ToolService, {
    listTools: () => ({ tools: [{ definition: { name: 'math_solver' } }, { definition: { name: 'load_web_page' } }] }),
  })));
}

export { DEVELOPMENT_TENANT_ID };
