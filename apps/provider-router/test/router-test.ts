import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { redisBus, type ChannelBus, type Message, type OutgoingMessage, type Subscription } from '@nexus/channels';
import { CancelInferenceSchema, DirectoryService, InferenceRequestSchema, type InferenceResponse, type UsageRecorded } from '@nexus/contracts';
import { newId, systemClock } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { ServiceClients, createLogger, openDatabase, serviceNames, startService, type Infrastructure, type RunningService, type ServiceName } from '@nexus/runtime';
import { startFakeProvider, waitFor, type FakeProvider } from '@nexus/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { providerRouterService } from '../src/provider-router.module.js';
import { FakeFiles } from './fake-files.js';
import { FakeLedger } from './fake-ledger.js';

export const SERVICE_TOKEN = 'service-token-of-the-tests';
export const ASKER = 'asker-1';

type Fields = MessageInitShape<typeof InferenceRequestSchema>;

/** $1 for a million tokens of input, $10 of output; `free` costs nothing. */
const PROVIDERS = `
providers:
  - name: fake
    base_url_env: TEST_FAKE_URL
    models:
      - { id: priced, price: { input: 1, output: 10 }, max_output_tokens: 4096, context_window: 100000 }
      - { id: free, price: free }
  - name: askable
    base_url_env: TEST_FAKE_URL
    lookup: "{base_url}/attempts/{attempt_id}"
    models:
      - { id: priced, price: { input: 1, output: 10 } }
  - name: keeper
    base_url_env: TEST_FAKE_URL
    unknown: keep
    models:
      - { id: priced, price: { input: 1, output: 10 } }
  - name: modern
    base_url_env: TEST_FAKE_URL
    output_limit_parameter: max_completion_tokens
    timeouts: { first_byte_ms: 400 }
    models:
      - { id: next, price: { input: 1, output: 10 }, max_output_tokens: 4096 }
  - name: nowhere
    base_url: http://127.0.0.1:1/v1
    models:
      - { id: far, price: { input: 1, output: 10 } }
`;

/** No tiers, and what fails is told at once. */
const ROUTING = 'retries: { most: 0 }';

export interface RouterOptions {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly replica?: string;
  /** A second replica: what it publishes is read by the first. */
  readonly isSecond?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  /** The text of providers.yaml and of routing.yaml, where they are not those of most tests. */
  readonly providers?: string;
  readonly routing?: string;
}

type Envelope = Partial<Pick<OutgoingMessage, 'tenantId' | 'replyTo'>>;

/** A request for a plain completion, or for what `fields` say. */
export function requestOf(body: object | string, fields: Fields = {}, envelope: Envelope = {}): OutgoingMessage<'inference.request'> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const model = (typeof body === 'string' ? undefined : (body as { model?: string }).model) ?? 'fake/free';
  const payload = create(InferenceRequestSchema, { attemptId: newId(), model, input: { case: 'body', value: Buffer.from(text) }, ...(fields as object) });
  return { channel: 'inference.request', id: payload.attemptId, tenantId: newId(), correlationId: 'the question', replyTo: payload.run ? undefined : ASKER, ...envelope, payload };
}

/** The service on real Redis and Postgres, before a fake provider and a fake ledger, and what it publishes. */
export class RouterUnderTest {
  readonly answers: Message<'inference.response'>[] = [];
  /** Answers to nobody in particular, as runs get them. */
  readonly answersToRuns: Message<'inference.response'>[] = [];
  readonly records: Message<'usage.recorded'>[] = [];
  readonly parts: Message<'requests.progress'>[] = [];
  readonly partsOfRuns: Message<'requests.progress'>[] = [];
  private readonly readers: Subscription[];

  private constructor(
    readonly service: RunningService,
    readonly bus: ChannelBus,
    readonly clients: ServiceClients,
    private readonly database: Database,
    private readonly folder: string,
    isSecond: boolean,
  ) {
    const work = { group: 'test', consumer: 'test', onDeadLetter: async () => [] };
    this.readers = isSecond ? [] : [
      bus.followReplies('inference.response', ASKER, (batch) => void this.answers.push(...batch)),
      bus.followReplies('requests.progress', ASKER, (batch) => void this.parts.push(...batch)),
      bus.follow('requests.progress', (batch) => void this.partsOfRuns.push(...batch)),
      bus.consumeBatches({ ...work, channel: 'inference.response' }, async (batch) => (this.answersToRuns.push(...batch), [])),
      bus.consumeBatches({ ...work, channel: 'usage.recorded' }, async (batch) => (this.records.push(...batch), [])),
    ];
  }

  static async start(world: RouterWorld, options: RouterOptions): Promise<RouterUnderTest> {
    const logger = createLogger({ level: 'silent' });
    const database = await openDatabase(providerRouterService, { databaseUrl: options.databaseUrl, databaseAdminUrl: undefined, isMigrating: true, serviceToken: SERVICE_TOKEN }, logger);
    if (database === undefined) throw new Error('provider-router has storage');
    const folder = mkdtempSync(join(tmpdir(), 'nexus-router-'));
    writeFileSync(join(folder, 'providers.yaml'), options.providers ?? PROVIDERS);
    writeFileSync(join(folder, 'routing.yaml'), options.routing ?? ROUTING);
    writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
    const bus = redisBus(options.redisUrl);
    const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
    clients.offer('usage', world.ledger.transport);
    clients.offer('orchestrator', world.files.transport);
    clients.offer('settings', createRouterTransport((router) => router.service(DirectoryService, { getTenantSettings: () => world.settings() })));
    const environment = { NEXUS_CONFIG_DIR: folder, TEST_FAKE_URL: world.provider.url, ...options.environment };
    const infrastructure: Infrastructure = { bus, database, clients, logger, clock: systemClock, environment, serviceToken: SERVICE_TOKEN, replica: options.replica ?? 'test-1' };
    const service = await startService(providerRouterService, infrastructure, { listen: true, port: 0 });
    const router = new RouterUnderTest(service, bus, clients, database, folder, options.isSecond ?? false);
    await Promise.all(router.readers.map((reader) => reader.ready));
    return router;
  }

  /** Asks for a plain completion; answers the message, so that it can be published again. */
  async ask(body: object | string, fields?: Fields, envelope?: Envelope): Promise<OutgoingMessage<'inference.request'>> {
    const message = requestOf(body, fields, envelope);
    await this.bus.publish(message);
    return message;
  }

  answersTo({ id }: { readonly id: string }): readonly Message<'inference.response'>[] {
    return [...this.answers, ...this.answersToRuns].filter(({ payload }) => payload.attemptId === id);
  }

  async answer(message: { readonly id: string }, count = 1): Promise<InferenceResponse> {
    await waitFor(() => this.answersTo(message).length >= count, { timeoutMs: 15_000, what: `answer ${count} to a request` });
    return (this.answersTo(message)[count - 1] as Message<'inference.response'>).payload;
  }

  recordsOf({ id }: { readonly id: string }): readonly UsageRecorded[] {
    return this.records.flatMap(({ payload }) => (payload.attemptId === id ? [payload] : []));
  }

  async record(message: { readonly id: string }): Promise<UsageRecorded> {
    return waitFor(() => this.recordsOf(message)[0], { timeoutMs: 15_000, what: 'a usage record' });
  }

  /** The events of a plain stream, as the asker writes them out. */
  eventsOf({ id }: { readonly id: string }): string {
    return this.parts.flatMap(({ payload: { messageId, part } }) => (messageId === id && part.case === 'events' ? [Buffer.from(part.value).toString()] : [])).join('');
  }

  async cancel(target: { readonly case: 'attemptId' | 'runId'; readonly value: string }): Promise<void> {
    await this.bus.publish({ channel: 'inference.cancel', id: newId(), tenantId: newId(), payload: create(CancelInferenceSchema, { target }) });
  }

  async stop(graceMs = 2_000): Promise<void> {
    await this.service.stop(graceMs);
    await Promise.all(this.readers.map((reader) => reader.stop(500)));
    this.clients.close();
    await this.bus.close();
    await this.database.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What stands around the router, and stays when it restarts. */
export class RouterWorld {
  disabledProviders: string[] = [];
  /** The tenants' configuration, JSON texts by key. */
  config: Record<string, string> = {};
  /** What webhooks want to be told. */
  wantedEvents: string[] = [];
  /** Questions for settings that fail before one is answered. */
  failingSettings = 0;

  readonly files = new FakeFiles();

  private constructor(readonly provider: FakeProvider, readonly ledger: FakeLedger) {}

  static async start(): Promise<RouterWorld> {
    return new RouterWorld(await startFakeProvider(), new FakeLedger());
  }

  /** As it was in the beginning, but for what it remembers. */
  reset(): void {
    this.disabledProviders = [];
    this.config = {};
    this.wantedEvents = [];
    this.failingSettings = 0;
    this.files.failing = 0;
    this.ledger.answer = () => undefined;
    this.ledger.beforeAnswer = () => undefined;
    this.ledger.duties = () => ({});
    this.provider.reply({ text: 'hello' });
  }

  settings(): { disabledProviders: string[]; config: Record<string, string>; wantedEvents: string[] } {
    if (this.failingSettings-- > 0) throw new ConnectError('away', Code.Unavailable);
    return { disabledProviders: this.disabledProviders, config: this.config, wantedEvents: this.wantedEvents };
  }

  /** What the provider was really asked, with this text in it. */
  calls(text: string): readonly { readonly body: Record<string, unknown>; readonly isAborted: boolean }[] {
    return this.provider.requests.filter((request) => request.text.includes(text));
  }
}
