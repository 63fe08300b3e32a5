import { create } from '@bufbuild/protobuf';
import { type Adapter, PaperPlatform, redisMemory, redisTransport, runAdapter } from '../src/index.js';
import { redisBus } from '@nexus/channels';
import { Outcome, ProcessedRequestSchema } from '@nexus/contracts';
import { redisTest, waitFor } from '@nexus/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OrchestratorOnRedis } from './orchestrator-on-redis.js';

const keyspace = redisTest();
const HOME = { chatId: 'home', topicId: '' };

describe('over Redis', () => {
  let redis: Redis;
  let platform: PaperPlatform;
  let orchestrator: OrchestratorOnRedis;
  const ends: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    redis = new Redis(keyspace.url);
    await redis.flushdb();
    platform = new PaperPlatform();
    const bus = redisBus(keyspace.url);
    orchestrator = new OrchestratorOnRedis(bus);
    ends.push(() => bus.close(), async () => redis.disconnect());
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function start(): Promise<Adapter> {
    const adapter = await runAdapter({
      surface: platform.surface(),
      transport: redisTransport({ redisUrl: keyspace.url, token: 'nxs_surface', keyId: 'key-1', name: 'paper' }),
      memory: redisMemory({ redisUrl: keyspace.url, surface: 'paper' }),
      settings: { republishMs: 300 },
    });
    ends.push(() => adapter.stop());
    return adapter;
  }

  it('publishes with the token and the reply-to, shows the parts, delivers the answer and acknowledges it', async () => {
    const adapter = await start();
    platform.write(HOME, 'hello');
    await waitFor(() => adapter.health().open === 0 && platform.messages(HOME).length === 1);
    expect(platform.texts(HOME)).toEqual(['to hello']);
    expect(orchestrator.asked[0]).toMatchObject({ id: 'paper::home::m1', replyTo: 'key-1.paper', metadata: { authorization: 'Bearer nxs_surface' }, payload: { surface: 'paper', chatId: 'home', text: 'hello', sender: { id: 'p1', name: 'Ann' } } });
    await waitFor(async () => (await redis.xpending('requests.processed:key-1.paper', 'adapter'))[0] === 0);
  });

  it('shows what is said before the answer is there', async () => {
    const gate = Promise.withResolvers<void>();
    orchestrator.gate = gate.promise;
    await start();
    platform.write(HOME, 'slowly');
    await waitFor(() => platform.texts(HOME)[0] === 'to slowly …');
    gate.resolve();
    await waitFor(() => platform.texts(HOME)[0] === 'to slowly');
  });

  it('delivers what was answered while it was away', async () => {
    const gate = Promise.withResolvers<void>();
    orchestrator.gate = gate.promise;
    const first = await start();
    platform.write(HOME, 'one');
    await waitFor(() => orchestrator.asked.length > 0);
    await first.stop();
    gate.resolve();
    await waitFor(async () => (await redis.exists('requests.processed:key-1.paper')) === 1);
    const second = await start();
    await waitFor(() => platform.texts(HOME)[0] === 'to one' && second.health().open === 0);
    expect(platform.texts(HOME)).toEqual(['to one']);
  });

  it('delivers once and in order although Redis forgets everything in between', async () => {
    const adapter = await start();
    const questions = Array.from({ length: 12 }, (_, i) => `${i}`);
    for (const [place, text] of questions.entries()) {
      platform.write(HOME, text);
      if (place === 4 || place === 8) await redis.flushdb();
    }
    await waitFor(() => adapter.health().open === 0 && platform.messages(HOME).length >= questions.length, { timeoutMs: 30_000 });
    expect(platform.texts(HOME)).toEqual(questions.map((text) => `to ${text}`));
  }, 40_000);

  it('delivers an answer of which nobody remembers the question', async () => {
    const bus = redisBus(keyspace.url);
    ends.push(() => bus.close());
    await bus.publish({ channel: 'requests.processed', id: 'a', tenantId: 't', to: 'key-1.paper', payload: create(ProcessedRequestSchema, { messageId: 'paper::home::m77', runId: 'r', outcome: Outcome.ANSWERED, text: 'late', surface: 'paper', chatId: 'home' }) });
    const adapter = await start();
    await waitFor(() => platform.texts(HOME)[0] === 'late' && adapter.health().open === 0);
    expect(platform.messages(HOME)[0]?.replyTo).toBe('m77');
    await bus.publish({ channel: 'requests.processed', id: 'b', tenantId: 't', to: 'key-1.paper', payload: create(ProcessedRequestSchema, { messageId: 'paper::home::m77', runId: 'r', outcome: Outcome.ANSWERED, text: 'late', surface: 'paper', chatId: 'home' }) });
    await waitFor(async () => ((await redis.xinfo('GROUPS', 'requests.processed:key-1.paper')) as unknown[][])[0]?.at(-1) === 0);
    expect(platform.texts(HOME)).toEqual(['late']);
  });

  it('says in the place that the token is wrong, which is told on the channel itself', async () => {
    const adapter = await start();
    const bus = redisBus(keyspace.url);
    ends.push(() => bus.close());
    const gate = Promise.withResolvers<void>();
    orchestrator.gate = gate.promise;
    platform.write(HOME, 'hello');
    await waitFor(() => orchestrator.asked.length > 0);
    await bus.publish({ channel: 'requests.processed', id: 'r', tenantId: 't', payload: create(ProcessedRequestSchema, { messageId: 'paper::home::m1', outcome: Outcome.REFUSED, error: { code: 'unauthenticated', message: 'x', status: 401 } }) });
    await waitFor(() => adapter.health().open === 0);
    expect(platform.texts(HOME)[0]).toMatch(/not set up properly/);
    gate.resolve();
  });

  it('refuses a name that is none', () => {
    expect(() => redisTransport({ redisUrl: keyspace.url, token: 't', keyId: 'k', name: 'a b' })).toThrow(expect.objectContaining({ code: 'invalid_name' }));
  });
});
