import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisBus } from '@nexus/channels';
import { freePort, startRedis, waitFor, type RedisServer } from '@nexus/testing';
import { expect, it, onTestFinished } from 'vitest';
import { type AdapterMemory, PaperPlatform, fileMemory, redisMemory, redisTransport, runAdapter } from '../src/index.js';
import { OrchestratorOnRedis } from './orchestrator-on-redis.js';

const HOME = { chatId: 'home', topicId: '' };
const FORUM = { chatId: 'forum', topicId: '7' };

it.each(['files', 'Redis'])('loses, doubles and turns round nothing when Redis is killed and comes back empty, with a memory in %s', async (kind) => {
  const port = await freePort();
  const start = (): Promise<RedisServer> => startRedis({ appendonly: false, port });
  let server = await start();
  const folder = mkdtempSync(join(tmpdir(), 'nexus-redis-lost-'));
  const memory: AdapterMemory = kind === 'files' ? fileMemory(folder) : redisMemory({ redisUrl: server.url, surface: 'paper' });
  const bus = redisBus(server.url);
  new OrchestratorOnRedis(bus);
  const platform = new PaperPlatform();
  const adapter = await runAdapter({ surface: platform.surface(), memory, transport: redisTransport({ redisUrl: server.url, token: 't', keyId: 'k', name: 'paper' }), settings: { republishMs: 200 } });
  onTestFinished(async () => {
    await adapter.stop(0);
    await bus.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const questions: string[] = [];
  const ask = (count: number): void => {
    for (let i = 0; i < count; i++) {
      questions.push(`${questions.length}`);
      for (const place of [HOME, FORUM]) platform.write(place, questions.at(-1) ?? '');
    }
  };
  ask(10);
  await waitFor(() => platform.messages(HOME).length > 2, { timeoutMs: 10_000 });
  process.kill(server.pid, 'SIGKILL');
  await server.exited;
  ask(5); // while it is away
  server = await start();
  ask(5);
  const expected = questions.map((text) => `to ${text}`);
  const isDone = (): boolean => [HOME, FORUM].every((place) => platform.messages(place).length >= expected.length) && adapter.health().open === 0;
  await waitFor(isDone, { timeoutMs: 40_000 });
  for (const place of [HOME, FORUM]) expect(platform.texts(place)).toEqual(expected);
}, 60_000);
