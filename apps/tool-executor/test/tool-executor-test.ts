import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { createRouterTransport } from '@connectrpc/connect';
import { redisBus, type ChannelBus, type Message, type OutgoingMessage } from '@nexus/channels';
import { DirectoryService, ExecuteToolSchema, type ExecuteTool, type TenantSettings, type ToolExecuted } from '@nexus/contracts';
import { deterministicId, newId, systemClock } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { ServiceClients, createLogger, openDatabase, serviceNames, startService, type Infrastructure, type RunningService, type ServiceName } from '@nexus/runtime';
import { waitFor } from '@nexus/testing';
import { toolExecutorServiceWith, type Tool } from '../src/tool-executor.module.js';

export const SERVICE_TOKEN = 'service-token-of-the-tests';

type Call = Exclude<MessageInitShape<typeof ExecuteToolSchema>, ExecuteTool>;

export interface StartOptions {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly tools?: readonly Tool[];
  readonly replica?: string;
  readonly environment?: Record<string, string>;
  /** What settings says of every tenant. */
  readonly settings?: () => Partial<Pick<TenantSettings, 'disabledTools'>>;
}

/** The service on real Redis and Postgres, with a directory that answers as told, and what it publishes. */
export class ToolExecutorUnderTest {
  readonly results: Message<'tools.results'>[] = [];
  readonly records: Message<'usage.recorded'>[] = [];
  private readonly readers;

  private constructor(readonly service: RunningService, readonly bus: ChannelBus, readonly database: Database, private readonly clients: ServiceClients) {
    const work = { group: 'test', consumer: 'test', onDeadLetter: async () => [] };
    this.readers = [
      bus.consumeBatches({ ...work, channel: 'tools.results' }, async (batch) => (this.results.push(...batch), [])),
      bus.consumeBatches({ ...work, channel: 'usage.recorded' }, async (batch) => (this.records.push(...batch), [])),
    ];
  }

  static async start(options: StartOptions): Promise<ToolExecutorUnderTest> {
    const logger = createLogger({ level: 'silent' });
    const definition = toolExecutorServiceWith(options.tools ?? []);
    const database = await openDatabase(definition, { databaseUrl: options.databaseUrl, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN }, logger);
    if (database === undefined) throw new Error('tool-executor has storage');
    const bus = redisBus(options.redisUrl);
    const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
    clients.offer('settings', createRouterTransport((router) => router.service(DirectoryService, { getTenantSettings: () => options.settings?.() ?? {} })));
    const infrastructure: Infrastructure = { bus, database, clients, logger, clock: systemClock, environment: options.environment ?? {}, serviceToken: SERVICE_TOKEN, replica: options.replica ?? 'test-1' };
    const service = await startService(definition, infrastructure, { listen: true, port: 0 });
    return new ToolExecutorUnderTest(service, bus, database, clients);
  }

  /** Publishes a call; answers the message that was published, so that it can be published again. */
  async execute(name: string, args: object | string, call: Call = {}, envelope: Partial<OutgoingMessage> = {}): Promise<OutgoingMessage<'tools.execute'>> {
    const runId = newId();
    const executionId = deterministicId(runId, 'tool', 1, 0);
    const message: OutgoingMessage<'tools.execute'> = {
      channel: 'tools.execute',
      id: executionId,
      tenantId: newId(),
      correlationId: `question of ${runId}`,
      ...(envelope as object),
      payload: create(ExecuteToolSchema, { executionId, runId, step: 1, epoch: 1n, call: { id: 'call_1', name, arguments: typeof args === 'string' ? args : JSON.stringify(args) }, ...call }),
    };
    await this.bus.publish(message);
    return message;
  }

  /** The results of one call so far. */
  resultsOf(message: OutgoingMessage<'tools.execute'>): readonly Message<'tools.results'>[] {
    return this.results.filter(({ payload }) => payload.executionId === message.payload.executionId);
  }

  /** The nth result of a call, once it is there. */
  async result(message: OutgoingMessage<'tools.execute'>, count = 1): Promise<Message<'tools.results'>> {
    await waitFor(() => this.resultsOf(message).length >= count, { timeoutMs: 15_000, what: `result ${count} of a tool call` });
    return this.resultsOf(message)[count - 1] as Message<'tools.results'>;
  }

  async outcome(message: OutgoingMessage<'tools.execute'>): Promise<ToolExecuted> {
    return (await this.result(message)).payload;
  }

  async stop(graceMs = 2_000): Promise<void> {
    await this.service.stop(graceMs);
    await Promise.all(this.readers.map((reader) => reader.stop(500)));
    this.clients.close();
    await this.bus.close();
    await this.database.close();
  }
}
