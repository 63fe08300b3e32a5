import { create, type DescMessage, type Message as ProtobufMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { createClient, type Client, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { memoryBus, outgoing, type ChannelBus, type Message, type OutgoingMessage } from '@nexus/channels';
import { AttemptSchema, OpenedAttempt_State, UsageRecorded_Result, UsageRecordedSchema, UsageService, type Attempt, type OpenedAttempt, type ReportOwnerRequestSchema, type ReportOwnerResponse } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { databaseUrls, openDatabase, ServiceClients, createLogger, serviceNames, startService, type Infrastructure, type ServiceName } from '@nexus/runtime';
import { servingUrl, type Database } from '@nexus/postgres';
import { usageService } from '../src/usage.module.js';

const SERVICE_TOKEN = 'service-token-of-the-tests';
/** Noon of a Friday. */
export const NOON = Date.UTC(2026, 10, 20, 12);
export const DAY_MS = 86_400_000;
/** $1 and $2 for a million tokens: a token is one micro-USD in and two out. */
const PRICE = { input: 1_000_000n, output: 2_000_000n, cacheRead: 500_000n, cacheWrite: 1_000_000n };

export interface UsageUnderTest {
  readonly bus: ChannelBus;
  readonly database: Database;
  readonly audits: Message<'audit.recorded'>[];
  readonly alerts: Message<'usage.alerted'>[];
  readonly log: Record<string, unknown>[];
  /** Where it answers. */
  readonly url: string;
  /** The database as the serving role. */
  readonly servingUrl: string;
  /** What time it is for the service. */
  now: number;
  /** A client with the service token, for a tenant when one is given. */
  client(tenantId?: string): Client<typeof UsageService>;
  /** Opens attempts as a service does. */
  open(...attempts: readonly Attempt[]): Promise<OpenedAttempt[]>;
  /** Reports an owner `<replica> <life>` as a router does, alive for 60 s unless told otherwise. */
  report(owner: string, more?: Fields<typeof ReportOwnerRequestSchema>): Promise<ReportOwnerResponse>;
  stop(): Promise<void>;
}

/** The usage service on a real database; without `settings` nobody tells what tenants have set. */
export async function startUsage(databaseUrl: string, environment: Readonly<Record<string, string>> = {}, settings?: Transport): Promise<UsageUnderTest> {
  const log: Record<string, unknown>[] = [];
  const logger = createLogger({ level: 'warn', destination: { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) } });
  const config = { databaseUrl, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN };
  const database = await openDatabase(usageService, config, logger);
  if (database === undefined) throw new Error('usage has storage');
  const bus = memoryBus();
  const audits: Message<'audit.recorded'>[] = [];
  const heard = bus.consumeBatches({ channel: 'audit.recorded', group: 'test', consumer: 'test', onDeadLetter: async () => [] }, async (batch) => {
    audits.push(...batch);
    return [];
  });
  const alerts: Message<'usage.alerted'>[] = [];
  const alerted = bus.follow('usage.alerted', (batch) => void alerts.push(...batch));
  const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
  if (settings !== undefined) clients.offer('settings', settings);
  const infrastructure: Infrastructure = { bus, database, clients, logger, clock: { now: () => usage.now }, environment, serviceToken: SERVICE_TOKEN, replica: 'test-1' };
  const service = await startService(usageService, infrastructure, { listen: true, port: 0 });
  const byTenant = new Map<string, Client<typeof UsageService>>();
  const usage: UsageUnderTest = {
    bus, database, audits, alerts, log,
    url: service.url ?? '',
    servingUrl: servingUrl(databaseUrl, 'usage', databaseUrls('usage', config).servingPassword),
    now: NOON,
    client(tenantId = '') {
      const known = byTenant.get(tenantId) ?? connect(service.url ?? '', tenantId);
      byTenant.set(tenantId, known);
      return known;
    },
    report: (owner, more) => usage.client().reportOwner({ owner, replica: owner.split(' ')[0] ?? '', ttlMs: 60_000n, ...more }),
    open: async (...attempts) => (await usage.client().openAttempts({ attempts: [...attempts] })).attempts,
    async stop() {
      await service.stop(1_000);
      await Promise.all([heard.stop(), alerted.stop()]);
      clients.close();
      await bus.close();
      await database.close();
    },
  };
  return usage;
}

function connect(baseUrl: string, tenantId: string): Client<typeof UsageService> {
  const transport = createGrpcTransport({
    baseUrl,
    interceptors: [(next) => (request) => {
      request.header.set('authorization', `Bearer ${SERVICE_TOKEN}`);
      if (tenantId !== '') request.header.set('x-nexus-tenant', tenantId);
      return next(request);
    }],
  });
  return createClient(UsageService, transport);
}

/** Some fields of a message, as plain values. */
type Fields<T extends DescMessage> = Exclude<MessageInitShape<T>, ProtobufMessage>;

/** 100 tokens in and 50 out at most: $0.000200. */
export function attempt(tenantId: string, more: Fields<typeof AttemptSchema> = {}): Attempt {
  return create(AttemptSchema, { attemptId: newId(), tenantId, owner: 'router-1', provider: 'demo', model: 'small', maxInputTokens: 100n, maxOutputTokens: 50n, price: PRICE, ...more });
}

/** 80 tokens in and 10 out: $0.000100. */
export function recorded({ attemptId, tenantId }: Attempt, more: Fields<typeof UsageRecordedSchema> = {}): OutgoingMessage {
  return outgoing({
    channel: 'usage.recorded', id: attemptId, tenantId,
    payload: create(UsageRecordedSchema, {
      attemptId, result: UsageRecorded_Result.SUCCEEDED, usage: { input: 80n, output: 10n }, price: PRICE, provider: 'demo', model: 'small', finishedAtMs: BigInt(NOON), durationMs: 420n, ...more,
    }),
  });
}

export const states = (opened: readonly OpenedAttempt[]): string[] => opened.map(({ state }) => OpenedAttempt_State[state]);
