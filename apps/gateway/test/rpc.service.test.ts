import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { AgentService, DeadLetterService, DirectoryService, Health, HealthCheckResponse_ServingStatus as Status, ProviderService, SettingsService, ThreadService, UsageService } from '@nexus/contracts';
import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT_A } from './fake-neighbours.js';
import { SERVICE_TOKEN, startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis);
});
afterAll(() => gateway.stop());

const withKey = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
const codeOf = (call: Promise<unknown>): Promise<Code | undefined> => call.then(() => undefined, (error: unknown) => ConnectError.from(error).code);

describe('RPC at the gateway', () => {
  const transports: Record<string, () => Transport> = {
    gRPC: () => createGrpcTransport({ baseUrl: gateway.url }),
    'Connect JSON over HTTP/1.1': () => createConnectTransport({ baseUrl: gateway.url, httpVersion: '1.1', useBinaryFormat: false }),
  };
  for (const [name, transport] of Object.entries(transports)) {
    it(`hands calls on in the name of the caller, over ${name}`, async () => {
      const options = withKey('nx_a_user');
      expect((await createClient(AgentService, transport()).queryAgent({ userQuery: 'hello' }, options)).text).toBe('heard: hello');
      expect((await createClient(SettingsService, transport()).getConfig({ prefix: 'agent.' }, options)).values).toHaveProperty(['agent.research.model']);
      expect((await createClient(UsageService, transport()).getUsage({}, options)).total?.attempts).toBe(3n);
      const thread = await createClient(ThreadService, transport()).createThread({ id: 'thread-rpc', title: 'x' }, options);
      expect(thread.id).toBe('thread-rpc');
      expect(await codeOf(createClient(ThreadService, transport()).getThread({ id: 'thread-rpc' }, withKey('nx_b_user')))).toBe(Code.NotFound);
    });
  }

  it('answers nobody without a key, and health to everybody', async () => {
    const transport = createGrpcTransport({ baseUrl: gateway.url });
    expect(await codeOf(createClient(AgentService, transport).queryAgent({ userQuery: 'hello' }))).toBe(Code.Unauthenticated);
    expect(await codeOf(createClient(AgentService, transport).queryAgent({ userQuery: 'hello' }, withKey('wrong')))).toBe(Code.Unauthenticated);
    expect((await createClient(Health, transport).check({ service: 'nexus.run.v1.AgentService' })).status).toBe(Status.SERVING);
  });

  it('lists the dead letters of all services as one, newest first, as each lets the caller see them', async () => {
    const letters = createClient(DeadLetterService, createGrpcTransport({ baseUrl: gateway.url }));
    const groups = async (limit: number, options: ReturnType<typeof withKey>) => (await letters.listDeadLetters({ limit, channel: 'x' }, options)).deadLetters.map((letter) => letter.id);
    expect(await groups(0, withKey('nx_a_admin'))).toEqual(['tool-executor', 'orchestrator', 'usage', 'provider-router', 'settings'].map((service) => `${service} ${TENANT_A}`));
    expect(await groups(2, withKey('nx_a_admin'))).toHaveLength(2);
    expect(await codeOf(letters.listDeadLetters({}, withKey('nx_a_user')))).toBe(Code.PermissionDenied);
    expect(await groups(1, withKey(SERVICE_TOKEN))).toEqual(['tool-executor ']);
  });

  it('shows, counts, replays and purges them as one, and says whose could not be reached', async () => {
    const letters = createClient(DeadLetterService, createGrpcTransport({ baseUrl: gateway.url }));
    const admin = withKey('nx_a_admin');
    expect(await letters.getDeadLetter({ id: 'usage' }, admin)).toMatchObject({ problem: 'of usage' });
    expect(await codeOf(letters.getDeadLetter({ id: 'nobody' }, admin))).toBe(Code.NotFound);
    expect((await letters.countDeadLetters({}, admin)).counts.map(({ count }) => count)).toEqual([4, 3, 2, 1, 0]);
    expect(await letters.replayDeadLetters({ selection: { all: true }, dryRun: true }, admin)).toMatchObject({ selected: 10, replayed: 0, seenUntil: 4n });
    expect(await letters.replayDeadLetters({ selection: { all: true } }, admin)).toMatchObject({ selected: 10, replayed: 5, hasMore: true, unanswered: [] });
    expect(await letters.replayDeadLetters({ selection: { consumerGroup: 'settings' } }, admin)).toMatchObject({ selected: 2, replayed: 1, hasMore: false });
    expect(await letters.replayDeadLetters({ selection: { reasonCode: 'settings is away' } }, admin)).toMatchObject({ selected: 8, replayed: 4, unanswered: ['settings'] });
    expect(await codeOf(letters.replayDeadLetters({ selection: { reasonCode: 'refused' } }, admin))).toBe(Code.InvalidArgument);
    expect(await letters.purgeDeadLetters({ selection: { all: true } }, admin)).toMatchObject({ selected: 5, purged: 5, hasMore: false, seenUntil: 7n });
  });

  it('shows metrics to this machine, and to others only with the service token', async () => {
    const status = async (headers: Record<string, string>): Promise<number> => (await fetch(`${gateway.url}/metrics`, { headers })).status;
    const elsewhere = { 'x-forwarded-for': '203.0.113.7' };
    expect([await status({}), await status(elsewhere), await status({ ...elsewhere, ...withKey('nx_a_admin').headers }), await status({ ...elsewhere, ...withKey(SERVICE_TOKEN).headers })]).toEqual([200, 401, 401, 200]);
  });

  it('lets admin keys, and no others, try a provider out', async () => {
    const providers = createClient(ProviderService, createGrpcTransport({ baseUrl: gateway.url }));
    expect(await providers.testProvider({ provider: 'openai' }, withKey('nx_a_admin'))).toMatchObject({ ok: true, models: ['openai/one'] });
    expect(await codeOf(providers.testProvider({ provider: 'openai' }, withKey('nx_a_user')))).toBe(Code.PermissionDenied);
    expect(await codeOf(providers.listProviders({}, withKey('nx_a_admin')))).toBe(Code.Unimplemented);
  });

  it('does not serve what is for services only', async () => {
    const transport = createGrpcTransport({ baseUrl: gateway.url });
    expect(await codeOf(createClient(UsageService, transport).openAttempts({}, withKey('nx_a_admin')))).toBe(Code.Unimplemented);
    expect(await codeOf(createClient(DirectoryService, transport).resolveKey({}, withKey('nx_a_admin')))).toBe(Code.Unimplemented);
  });
});
