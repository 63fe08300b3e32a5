import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PaperPlatform, fileMemory, gatewayTransport, redisMemory, redisTransport, runAdapter, type Adapter, type AdapterMemory, type AdapterTransport } from '@nexus/adapter-kit';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call } from './nexus-apart.js';
import { startStockNexus, type StockNexus } from './stock-nexus.js';

const PLACES = ['a', 'b', 'c', 'd'].map((chatId) => ({ chatId, topicId: '' }));
const ANSWERED_WITHIN_MS = 100_000;

let stock: StockNexus;
let folder: string;
let token: string;
let keyId: string;
let adapter: Adapter | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-kit-'));
  stock = await startStockNexus();
  const { key, secret } = (await call(stock.nexus.urls.gateway, 'nexus.settings.v1.SettingsService/CreateKey', { name: 'paper', kind: 'KEY_KIND_SURFACE', surfaces: ['paper'] })) as { key: { id: string }; secret: string };
  [token, keyId] = [secret, key.id];
  await call(stock.nexus.urls.gateway, 'nexus.settings.v1.SettingsService/UpdateConfig', { values: { 'identity.messages_per_minute': '6000' } });
  stock.provider.reply(({ body }) => {
    const asked = body.messages.findLast(({ role }) => role === 'user')?.content;
    const said = typeof asked === 'string' ? asked : JSON.stringify(asked);
    return { text: `Answer to ${said}, which is made of several parts.`, chunkDelayMs: 8 };
  });
}, 120_000);
afterEach(async () => {
  await adapter?.stop(0);
  adapter = undefined;
});
afterAll(async () => {
  await stock?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ways: readonly (readonly [string, () => AdapterTransport, () => AdapterMemory])[] = [
  ['Redis', () => redisTransport({ redisUrl: stock.nexus.redisUrl, token, keyId, name: 'paper', gatewayUrl: stock.nexus.urls.gateway }), () => redisMemory({ redisUrl: stock.nexus.redisUrl, surface: 'paper' })],
  ['the gateway', () => gatewayTransport({ url: stock.nexus.urls.gateway, token }), () => fileMemory(join(folder, 'memory'))],
];

describe.each(ways)('an adapter over %s', (name, transport, memory) => {
  it('ADP-1 shows each answer once and in its order, though the orchestrator and the gateway are killed, Redis is emptied, and the adapter itself begins anew', async () => {
    const { services, redisUrl } = stock.nexus;
    const platform = new PaperPlatform({ maxTextLength: 300, editEveryMs: 50 });
    const start = (): Promise<Adapter> => runAdapter({ surface: platform.surface(), transport: transport(), memory: memory(), settings: { bot: name.replace(' ', '-'), republishMs: 1_000 } });
    adapter = await start();
    const questions: string[] = [];
    const ask = (count: number): void => {
      for (let i = 0; i < count; i++) {
        questions.push(`question ${questions.length} 🙂`);
        for (const place of PLACES) platform.write(place, questions.at(-1) ?? '');
      }
    };
    const shown = (): number => PLACES.reduce((sum, place) => sum + platform.messages(place).length, 0);
    const begun = (count: number): Promise<void> => expect.poll(shown, { timeout: 60_000 }).toBeGreaterThan(count);

    ask(6);
    await begun(4);
    await services.orchestrator.kill('SIGKILL');
    ask(3);
    await services.orchestrator.restart();
    await stock.nexus.ready('orchestrator');
    await begun(16);
    await services.gateway.kill('SIGKILL');
    ask(3);
    await services.gateway.restart();
    await begun(28);
    await adapter.stop(0); // in the midst of answers
    ask(3);
    adapter = await start();
    await begun(36);
    const redis = new Redis(redisUrl);
    await redis.flushdb();
    redis.disconnect();
    ask(3);

    const isDone = (): boolean => shown() >= PLACES.length * questions.length && adapter?.health().open === 0;
    await expect.poll(isDone, { timeout: ANSWERED_WITHIN_MS }).toBe(true);
    for (const place of PLACES) expect(platform.texts(place)).toEqual(questions.map((text) => `Answer to ${text}, which is made of several parts.`));
  }, 240_000);
});
