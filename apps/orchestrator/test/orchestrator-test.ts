import { fileURLToPath } from 'node:url';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { createRouterTransport } from '@connectrpc/connect';
import { redisBus, type ChannelBus } from '@nexus/channels';
import { DirectoryService, IdentityService, KeyKind, KeySchema, ProviderService, SettingsChanged_Kind, SettingsChangedSchema, TenantSettingsSchema, ToolService, UsageService, type Key } from '@nexus/contracts';
import { AppError, newId, systemClock, type Clock } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { ServiceClients, createLogger, hashOf, openDatabase, serviceNames, startService, toConnectError, type RunningService, type ServiceName } from '@nexus/runtime';
import { orchestratorService } from '../src/orchestrator.module.js';
import { People } from './people.js';

export const SERVICE_TOKEN = 'service-token-of-the-tests';
const config = fileURLToPath(new URL('../../../config', import.meta.url));

/** The keys that the directory knows, by secret. */
export class Directory {
  private readonly keys = new Map<string, { tenantId: string; key: Key }>();
  readonly people = new People();
  /** What each user has spent, in micro-USD; undefined is a ledger that does not answer. */
  spent: ReadonlyMap<string, number> | undefined = new Map();
  /** While this is pending the ledger adds up. */
  ledgerIsBusy: Promise<void> = Promise.resolve();
  /** What each tenant has set; asking for those of some fails. */
  readonly settings = new Map<string, MessageInitShape<typeof TenantSettingsSchema> | Error>();

  /** A new tenant with one key; answers its secret. */
  tenant(key: MessageInitShape<typeof KeySchema> = {}): { readonly tenantId: string; readonly keyId: string; readonly secret: string } {
    return this.key(newId(), key);
  }

  /** Another key of a tenant. */
  key(tenantId: string, key: MessageInitShape<typeof KeySchema> = {}): { readonly tenantId: string; readonly keyId: string; readonly secret: string } {
    const [keyId, secret] = [newId(), newId()];
    this.keys.set(hashOf(secret).toString('hex'), { tenantId, key: create(KeySchema, { id: keyId, kind: KeyKind.API, client: 'acme', project: 'site', ...key }) });
    return { tenantId, keyId, secret };
  }

  settingsOf(tenantId: string | null): MessageInitShape<typeof TenantSettingsSchema> {
    const settings = this.settings.get(tenantId ?? '') ?? {};
    if (settings instanceof Error) throw settings;
    return settings;
  }

  resolve(hash: Uint8Array) {
    return this.keys.get(Buffer.from(hash).toString('hex')) ?? {};
  }
}

/** JSON schemas of the tools that the executor offers. */
const toolSchemas = {
  add: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'], additionalProperties: false },
  now: { type: 'object', properties: { zone: { type: 'string' } } },
} as const;

/** How long the executor says that a tool takes. */
export const TOOL_TIME_MS = 3_000;

/** What the executor says of its tools. */
export const listedTools = () => ({ tools: Object.entries(toolSchemas).map(([name, schema]) => ({ definition: { name, description: name, parameters: JSON.stringify(schema) }, timeoutMs: BigInt(TOOL_TIME_MS) })) });

export interface Replica {
  readonly service: RunningService;
  readonly bus: ChannelBus;
  readonly database: Database;
  /** As a service of NEXUS calls it. */
  readonly clients: ServiceClients;
  stop(): Promise<void>;
}

export interface ReplicaOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly directory: Directory;
  readonly replica?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

/** An orchestrator on real Redis and Postgres, beside a directory and an executor that answer as told. */
export async function startReplica({ databaseUrl, redisUrl, directory, replica = 'test-1', environment = {}, clock = systemClock }: ReplicaOptions): Promise<Replica> {
  const logger = createLogger({ level: process.env['NEXUS_TEST_LOG'] ?? 'silent' });
  const database = await openDatabase(orchestratorService, { databaseUrl, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN }, logger);
  if (database === undefined) throw new Error('the orchestrator has storage');
  const bus = redisBus(redisUrl);
  const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
  clients.offer('settings', createRouterTransport((router) => {
    const { people } = directory;
    router.service(DirectoryService, {
      resolveKey: ({ hash }) => directory.resolve(hash),
      getTenantSettings: (_request, context) => directory.settingsOf(context.requestHeader.get('x-nexus-tenant')),
    });
    router.service(IdentityService, {
      resolveSender: (request, context) => answered(() => people.resolve(tenantOf(context), request)),
      redeemLinkCode: (request, context) => answered(() => people.redeem(tenantOf(context), request)),
      claimChat: (request, context) => answered(() => people.claim(tenantOf(context), request)),
    });
  }));
  clients.offer('provider-router', createRouterTransport((router) => router.service(ProviderService, { listModels: () => ({ models: listedModels }) })));
  clients.offer('usage', createRouterTransport((router) => router.service(UsageService, { getUsage: () => directory.ledgerIsBusy.then(() => answered(() => usageOf(directory))) })));
  clients.offer('tool-executor', createRouterTransport((router) => router.service(ToolService, {
    listTools: listedTools,
  })));
  const service = await startService(
    orchestratorService,
    { bus, database, clients, logger, clock, environment: { NEXUS_CONFIG_DIR: config, NEXUS_LEASE_MS: '900', NEXUS_SWEEP_MS: '100', ...environment }, serviceToken: SERVICE_TOKEN, replica },
    { listen: true, port: 0 },
  );
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await service.stop(1_000);
    clients.close();
    await bus.close();
    await database.close();
  };
  return { service, bus, database, clients, stop: () => (stopped ??= stop()) };
}

/** A refusal as a service tells it. */
export function answered<T>(answer: () => T): T {
  try {
    return answer();
  } catch (error) {
    throw toConnectError(error);
  }
}

export const tenantOf = ({ requestHeader }: { readonly requestHeader: Headers }): string => requestHeader.get('x-nexus-tenant') ?? '';

/** What the router offers. */
const listedModels = [{ id: 'auto', provider: 'nexus', mode: 'chat' }, { id: 'fast', provider: 'nexus', mode: 'chat', tier: 'fast' }, { id: 'openai/gpt-4o', provider: 'openai', mode: 'chat' }];

function usageOf({ spent }: Directory) {
  if (spent === undefined) throw new AppError('database_unavailable', 'Not now.', { status: 503, isRetryable: true });
  return { rows: [...spent].map(([user, cost]) => ({ user, costMicroUsd: BigInt(cost), attempts: 2n })) };
}

/** What settings publishes when people, accounts or owners change. */
export const peopleChanged = (tenantId: string, name = '') => create(SettingsChangedSchema, { tenantId, kind: SettingsChanged_Kind.PERSON, name });

/** What settings publishes when a tenant changes something. */
export const tenantChanged = (tenantId: string) => create(SettingsChangedSchema, { tenantId, kind: SettingsChanged_Kind.CONFIG });
