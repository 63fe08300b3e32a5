import { newId } from '@nexus/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '@nexus/testing';
import { apiKey, call } from './nexus-apart.js';
import { startReplicatedNexus, type ReplicatedNexus } from './nexus-replicas.js';

let nexus: ReplicatedNexus;
let text: string;
beforeAll(async () => {
  nexus = await startReplicatedNexus();
}, 120_000);
afterAll(() => nexus?.stop(), 60_000);
beforeEach(() => {
  text = `question ${newId()}`;
  nexus.provider.reply({ text: 'the answer' });
});

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly code: string | undefined;
}

async function complete(gateway: 0 | 1, key: string, body: object = {}): Promise<Answered> {
  const response = await fetch(`${nexus.replicas.gateway[gateway].url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ model: 'fake', messages: [{ role: 'user', content: text }], ...body }),
  });
  const answered = await response.text();
  return { status: response.status, text: answered, code: response.ok ? undefined : (JSON.parse(answered) as { error: { code: string } }).error.code };
}

/** As a client does it: again after 409 and after a connection that broke. */
async function completeAgain(gateway: 0 | 1, key: string, body: object = {}): Promise<Answered> {
  return waitFor(async () => {
    const answered = await complete(gateway, key, body).catch(() => undefined);
    return answered?.status === 409 ? undefined : answered;
  }, { timeoutMs: 20_000, what: 'an answer that is no 409' });
}

/** What a stream of chunks says. */
function contentOf(events: string): string {
  const chunks = events.trim().split('\n\n').map((event) => event.slice('data: '.length)).filter((json) => json !== '[DONE]');
  return chunks.map((json) => (JSON.parse(json) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '').join('');
}

const calls = (): number => nexus.provider.requests.filter((request) => request.text.includes(text)).length;
/** Each call that the provider saw has one row in the ledger. */
const isChargedOnce = async (): Promise<boolean> => {
  const { total } = (await call(nexus.replicas.usage[1].url, 'nexus.usage.v1.UsageService/GetUsage')) as { total?: { attempts?: string } };
  return Number(total?.attempts ?? 0) === nexus.provider.requests.length;
};

describe.each([['a plain completion', 'fake'], ['a completion of an agent', 'agent/default']])('an Idempotency-Key at two gateways: %s', (_name, model) => {
  it('IDEM-1 is made once for many who ask at once: one answer, for the others the same one or 409', async () => {
    nexus.provider.reply({ text: 'the answer', delayMs: 300 });
    const key = newId();
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => complete(i % 2 ? 1 : 0, key, { model })));
    const good = answers.filter(({ status }) => status === 200);
    expect(good.length).toBeGreaterThan(0);
    expect(new Set(good.map((answer) => answer.text)).size).toBe(1);
    for (const { status, code } of answers) if (status !== 200) expect([status, code]).toEqual([409, 'in_progress']);
    expect((await completeAgain(1, key, { model })).text).toBe(good[0]?.text);
    expect(calls()).toBe(1);
    await waitFor(isChargedOnce, { timeoutMs: 10_000, what: 'one row in the ledger for each call' });
  });

  it('IDEM-1 is refused for another body, at either gateway', async () => {
    const key = newId();
    expect((await complete(0, key, { model })).status).toBe(200);
    expect(await complete(1, key, { model, temperature: 1 })).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    expect(await complete(0, key, { model, temperature: 1 })).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    expect(calls()).toBe(1);
  });

  it('IDEM-2 survives the gateway that waits for it: the other one gives the answer, charged once', async () => {
    nexus.provider.reply({ text: 'the late answer', delayMs: 1_500 });
    const key = newId();
    const broken = complete(0, key, { model }).catch(() => 'broken');
    await waitFor(() => calls() === 1, { timeoutMs: 10_000 });
    await nexus.replicas.gateway[0].service.kill('SIGKILL');
    expect(await broken).toBe('broken');
    const answer = await completeAgain(1, key, { model });
    expect(answer).toMatchObject({ status: 200, text: expect.stringContaining('the late answer') });
    await nexus.replicas.gateway[0].service.restart();
    await nexus.replicas.gateway[0].ready();
    expect((await completeAgain(0, key, { model })).text).toBe(answer.text);
    expect(calls()).toBe(1);
    await waitFor(isChargedOnce, { timeoutMs: 10_000, what: 'one row in the ledger for each call' });
  }, 60_000);

  it('IDEM-1 is streamed again', async () => {
    const key = newId();
    const first = await complete(0, key, { model, stream: true });
    const again = await complete(1, key, { model, stream: true });
    for (const { text: events } of [first, again]) {
      expect(contentOf(events)).toBe('the answer');
      expect(events.endsWith('data: [DONE]\n\n')).toBe(true);
    }
    if (model === 'fake') expect(again.text).toBe(first.text);
    expect(calls()).toBe(1);
  });
});

describe('an Idempotency-Key for everything else', () => {
  it('IDEM-1 makes one thread, one run and one change', async () => {
    const send = async (gateway: 0 | 1, method: string, path: string, body: object, key: string) => {
      const response = await fetch(nexus.replicas.gateway[gateway].url + path, { method, headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': key }, body: JSON.stringify(body) });
      return { status: response.status, text: await response.text() };
    };
    const thread = await send(0, 'POST', '/v1/threads', { title: text }, 'thread');
    expect(await send(1, 'POST', '/v1/threads', { title: text }, 'thread')).toEqual(thread);
    expect((await send(1, 'POST', '/v1/threads', { title: 'another' }, 'thread')).status).toBe(422);
    const { id } = JSON.parse(thread.text) as { id: string };
    const changed = await send(0, 'PATCH', `/v1/threads/${id}`, { title: 'changed' }, 'change');
    await send(0, 'PATCH', `/v1/threads/${id}`, { title: 'changed again' }, 'change-2');
    expect(await send(1, 'PATCH', `/v1/threads/${id}`, { title: 'changed' }, 'change')).toEqual(changed);
    const run = await send(0, 'POST', `/v1/threads/${id}/runs`, { content: text }, 'run');
    expect(run.status).toBe(202);
    expect(await send(1, 'POST', `/v1/threads/${id}/runs`, { content: text }, 'run')).toEqual(run);
    expect((await send(1, 'POST', `/v1/threads/${id}/runs`, { content: 'else' }, 'run')).status).toBe(422);
    await waitFor(() => calls() === 1, { timeoutMs: 10_000 });
    const { id: runId } = JSON.parse(run.text) as { id: string };
    const statusOf = async () => ((await (await fetch(`${nexus.url}/v1/runs/${runId}`, { headers: { authorization: `Bearer ${apiKey}` } })).json()) as { status: string }).status;
    await expect.poll(statusOf, { timeout: 10_000 }).toBe('succeeded');
    expect(await send(1, 'POST', `/v1/threads/${id}/runs`, { content: text }, 'run')).toEqual(run);
    expect(calls()).toBe(1);
  });
});
