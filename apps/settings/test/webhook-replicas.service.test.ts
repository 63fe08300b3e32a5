import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { redisBus, type ChannelBus } from '@nexus/channels';
import { DeliveryState, WebhookService } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { freePort, postgresTest, redisTest, spawnService, type Service } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEVELOPMENT_TENANT_ID as TENANT, DEV_SECRET, SERVICE_TOKEN } from './settings-test.js';
import { WebhookReceiver, raised } from './webhook-receiver.js';

const postgres = postgresTest();
const redis = redisTest();
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
let bus: ChannelBus;
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  bus = redisBus(redis.url);
});
afterAll(async () => {
  await bus.close();
  await receiver.close();
});

/** The built service as a process of its own. */
async function start(replica: string): Promise<{ readonly service: Service; readonly url: string }> {
  const port = await freePort();
  const service = await spawnService({
    args: [main],
    env: {
      REDIS_URL: redis.url, DATABASE_URL: postgres.url, NEXUS_SERVICE_TOKEN: SERVICE_TOKEN, NEXUS_DEV_API_KEY: DEV_SECRET, NEXUS_SETTINGS_PORT: String(port), NEXUS_REPLICA: replica,
      NEXUS_WEBHOOKS_ALLOW_PRIVATE: 'true', NEXUS_WEBHOOKS_TIMEOUT_MS: '5000', NEXUS_CLAIM_IDLE_MS: '1000',
    },
    ready: { line: /"message":"service started"/ },
    readyWithinMs: 40_000,
  });
  return { service, url: `http://127.0.0.1:${port}` };
}

const webhooksAt = (url: string) => createClient(WebhookService, createConnectTransport({
  baseUrl: url, httpVersion: '1.1', interceptors: [(next) => (request) => (request.header.set('authorization', `Bearer ${DEV_SECRET}`), next(request))],
}));
const sorted = (ids: readonly string[]) => [...ids].sort();

it('ADP-10 delivers every event once with two replicas and messages that come twice, and loses none when a replica is killed while it sends', { timeout: 120_000 }, async () => {
  const first = await start('first');
  const second = await start('second');
  try {
    const { secret } = await webhooksAt(first.url).createWebhook({ name: 'all', url: `${receiver.url}/all`, types: ['run.finished'] });
    const events = Array.from({ length: 120 }, () => raised(TENANT));
    for (let at = 0; at < events.length; at += 30) await bus.publishAll([...events.slice(at, at + 30), ...events.slice(at, at + 20)]);
    await expect.poll(() => receiver.posts.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(120);
    const delivered = async () => (await webhooksAt(second.url).listDeliveries({ webhook: 'all', state: DeliveryState.DELIVERED, limit: 100 })).deliveries.length;
    await expect.poll(delivered, { timeout: 30_000 }).toBe(100);
    expect(sorted(receiver.idsTo('/all'))).toEqual(sorted(events.map(({ id }) => id)));

    // nobody is answered until more are sent than one replica does at once: then both are sending
    receiver.posts.length = 0;
    receiver.mostAtOnce.clear();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    receiver.answer = () => gate.then(() => 204);
    const more = Array.from({ length: 60 }, () => raised(TENANT, { id: newId() }));
    await bus.publishAll([...more, ...more]);
    await expect.poll(() => receiver.mostAtOnce.get('/all') ?? 0, { timeout: 4_000 }).toBeGreaterThan(4);
    await first.service.kill('SIGKILL');
    open();
    const seen = () => new Set(receiver.idsTo('/all'));
    await expect.poll(() => seen().size, { timeout: 60_000 }).toBe(60);
    const waiting = async () => (await webhooksAt(second.url).listDeliveries({ webhook: 'all', state: DeliveryState.PENDING, limit: 100 })).deliveries.length;
    await expect.poll(waiting, { timeout: 60_000 }).toBe(0);
    expect(sorted([...seen()])).toEqual(sorted(more.map(({ id }) => id)));
    // what the dead one was sending comes once more, under the same id, and nothing else does
    const again = receiver.posts.length - 60;
    expect(again).toBeGreaterThanOrEqual(1);
    expect(again).toBeLessThanOrEqual(4);
    for (const output of [first.service.output(), second.service.output()]) expect(output).not.toContain(secret.slice(6));
  } finally {
    await Promise.all([first.service.stop(), second.service.stop()]);
  }
});
