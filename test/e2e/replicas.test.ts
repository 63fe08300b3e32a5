import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replicated, startReplicatedNexus, type ReplicatedNexus } from './nexus-replicas.js';
import { ask, newThread, readToEnd, shownText, type RunEvent } from './run-reader.js';

const WORDS = Array.from({ length: 40 }, (_, i) => `word${i} `);
const TEXT = WORDS.join('');
const GRACE_MS = 10_000;

let nexus: ReplicatedNexus;
beforeAll(async () => {
  nexus = await startReplicatedNexus({ NEXUS_SHUTDOWN_GRACE_MS: String(GRACE_MS), NEXUS_SHUTDOWN_NOTICE_MS: '1000', NEXUS_MAX_QUEUE_MS: '60000' });
}, 120_000);
afterAll(() => nexus?.stop(), 60_000);

describe('a run whose gateway is killed while it streams', () => {
  beforeAll(() => nexus.provider.reply({ text: TEXT, chunks: WORDS, chunkDelayMs: 40 }));

  /** Reads a run at the first gateway, kills that after some words, and goes on at the second. */
  async function readAcrossKill(meanwhile: () => Promise<void>): Promise<readonly RunEvent[]> {
    const [first, second] = nexus.replicas.gateway;
    const thread = await newThread(first.url);
    const response = await ask(`${first.url}/v1/threads/${thread}/runs`, { content: 'talk', stream: true });
    let isKilled = false;
    const events = await readToEnd([second.url], response, async (event, seen) => {
      if (isKilled || event.event !== 'text_delta' || seen.length < 8) return;
      isKilled = true;
      await first.service.kill('SIGKILL');
      await meanwhile();
    });
    expect(isKilled).toBe(true);
    await first.service.restart();
    await first.ready();
    return events;
  }

  it('OPS-3 goes on at another replica after the last event: every part once, then the answer', async () => {
    const events = await readAcrossKill(() => Promise.resolve());
    expect(events.map(({ event }) => event)).not.toContain('reset');
    const ids = events.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(events.filter(({ event }) => event !== 'text_delta').map(({ event }) => event)).toEqual(['accepted', 'step_finished', 'answer']);
    expect(shownText(events)).toBe(TEXT);
    expect(events.at(-1)?.data['text']).toBe(TEXT);
  });

  it('OPS-3 says that it begins anew when Redis has lost what was streamed, and ends with the same answer', async () => {
    const redis = new Redis(nexus.redisUrl);
    const events = await readAcrossKill(async () => void (await redis.flushdb()));
    redis.disconnect();
    expect(events.map(({ event }) => event)).toContain('reset');
    expect(['', TEXT]).toContain(shownText(events)); // never a text with a hole
    expect(events.at(-1)).toMatchObject({ event: 'answer', data: { text: TEXT } });
  });
});

describe('SIGTERM with work in flight', () => {
  it('OPS-3 fails no request and loses no run, whichever service it hits, and each ends with 0 within its grace', async () => {
    nexus.provider.reply({ text: TEXT, chunks: WORDS.slice(0, 10), chunkDelayMs: 30, delayMs: 200 });
    const completion = { model: 'fake', messages: [{ role: 'user', content: 'hi' }] };
    const gateway = nexus.url;
    const work = {
      plain: async () => (await ask(`${gateway}/v1/chat/completions`, completion)).text(),
      stream: async () => {
        const text = await (await ask(`${gateway}/v1/chat/completions`, { ...completion, stream: true })).text();
        if (!text.endsWith('data: [DONE]\n\n')) throw new Error(`a stream ended early: ${text.slice(-300)}`);
      },
      run: async () => {
        const thread = await newThread(gateway);
        const events = await readToEnd([gateway], await ask(`${gateway}/v1/threads/${thread}/runs`, { content: 'hi', stream: true }));
        if (events.at(-1)?.event !== 'answer') throw new Error(`a run failed: ${JSON.stringify(events.at(-1))}`);
      },
    };
    const done = { plain: 0, stream: 0, run: 0 };
    const failures: string[] = [];
    let isOver = false;
    let stopping = 'nobody';
    const worker = async (kind: keyof typeof work): Promise<void> => {
      while (!isOver) {
        await work[kind]().then(() => done[kind]++, (error: unknown) => failures.push(`${kind} while ${stopping} stops: ${error instanceof Error ? `${error.message} ${String((error.cause as Error | undefined)?.message ?? '')}` : 'failed'}`));
      }
    };
    const workers = (['plain', 'plain', 'stream', 'stream', 'run', 'run'] as const).map(worker);
    const ends: string[] = [];
    for (const app of replicated) {
      const [replica] = nexus.replicas[app];
      const before = done.run + done.plain;
      await expect.poll(() => done.run + done.plain, { timeout: 10_000 }).toBeGreaterThan(before + 2);
      const began = performance.now();
      stopping = app;
      ends.push(`${app} ${await replica.service.kill('SIGTERM')}`);
      expect(performance.now() - began, app).toBeLessThan(GRACE_MS + 1_000);
      await replica.service.restart();
      await replica.ready();
      stopping = 'nobody';
    }
    isOver = true;
    await Promise.all(workers);
    expect(failures).toEqual([]);
    expect(ends).toEqual(replicated.map((app) => `${app} exited with code 0`));
    for (const kind of ['plain', 'stream', 'run'] as const) expect(done[kind]).toBeGreaterThan(5);
  }, 120_000);
});
