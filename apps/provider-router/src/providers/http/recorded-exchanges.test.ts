import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callsIn, chat, startLocalUpstream, textIn, type LocalUpstream } from './local-upstream.fixture.js';
import { HttpClient } from './http-client.js';

/** Real exchanges with OpenAI, one JSON a line. They are no part of this repository. */
const folder = process.env['NEXUS_WIRE_FIXTURES'] ?? fileURLToPath(new URL('../../../../../../shared/data/wire', import.meta.url));
const file = `${folder}/openai-chat.jsonl`;
const isThere = existsSync(file);

interface Exchange {
  readonly file: string;
  readonly i: number;
  readonly status: number;
  readonly sse: boolean;
  readonly body: { id?: string; model?: string; choices?: { message: { content: string | null; tool_calls?: { id: string; function: { name: string; arguments: string } }[] }; finish_reason: string }[]; usage?: Record<string, number> } | null;
  readonly raw: string | null;
  readonly req: Record<string, unknown>;
}
const exchanges = isThere
  ? readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Exchange)
  : [];

describe.skipIf(!isThere)(`recorded exchanges with OpenAI${isThere ? '' : ' (skipped: set NEXUS_WIRE_FIXTURES to the folder that holds openai-chat.jsonl)'}`, () => {
  let current: Exchange;
  /** Bytes of one write of a streamed answer. */
  let cut = 0;
  let upstream: LocalUpstream;
  const client = new HttpClient();
  beforeAll(async () => {
    upstream = await startLocalUpstream((response) => {
      response.writeHead(current.status, { 'content-type': current.sse ? 'text/event-stream' : 'application/json' });
      const bytes = Buffer.from(current.raw ?? JSON.stringify(current.body));
      if (cut > 0) for (let at = 0; at < bytes.length; at += cut) response.write(bytes.subarray(at, at + cut));
      response.end(cut > 0 ? undefined : bytes);
    });
  });
  afterAll(async () => {
    await client.close();
    await upstream.close();
  });

  const ofKind = (isOk: boolean, isStream: boolean): [string, Exchange][] =>
    exchanges.filter((it) => (it.status === 200) === isOk && it.sse === isStream).map((it) => [`${it.file} #${it.i}`, it]);

  it('are enough to mean something', () => {
    expect(ofKind(true, false).length).toBeGreaterThan(20);
    expect(ofKind(true, true).length).toBeGreaterThan(0);
    expect(ofKind(false, false).length).toBeGreaterThan(0);
  });

  it.each(ofKind(true, false))('%s is read as OpenAI meant it', async (_, exchange) => {
    current = exchange;
    const outcome = await client.complete({ ...chat, target: upstream.target, body: exchange.req, stream: false });
    if (outcome.kind === 'failed') throw outcome.error;
    const { body } = exchange;
    expect(JSON.parse(outcome.body?.toString() ?? '')).toEqual(body);
    expect(outcome).toMatchObject({ id: body?.id, model: body?.model, finishReason: body?.choices?.[0]?.finish_reason });
    const { input, output, cacheRead, cacheWrite, estimated } = outcome.usage;
    expect(estimated).toBe(false);
    expect(input + cacheRead + cacheWrite).toBe(body?.usage?.['prompt_tokens']);
    expect(output).toBe(body?.usage?.['completion_tokens']);
    expect(output + input + cacheRead + cacheWrite).toBe(body?.usage?.['total_tokens']);
    const message = body?.choices?.[0]?.message;
    expect(textIn(outcome.answer())).toBe(message?.content ?? '');
    expect(callsIn(outcome.answer())).toEqual((message?.tool_calls ?? []).map((call) => ({ id: call.id, name: call.function.name, arguments: call.function.arguments })));
  });

  it('has exchanges that read from and write to the cache, in buckets of their own', async () => {
    const buckets: Record<string, number>[] = [];
    for (const [, exchange] of ofKind(true, false).filter(([name]) => name.includes('prompt_cache'))) {
      current = exchange;
      const outcome = await client.complete({ ...chat, target: upstream.target, body: exchange.req, stream: false });
      if (outcome.kind === 'completed') buckets.push({ input: outcome.usage.input, read: outcome.usage.cacheRead, write: outcome.usage.cacheWrite });
    }
    expect(buckets).toEqual([
      { input: 8, read: 0, write: 4_012 },
      { input: 8, read: 4_012, write: 0 },
    ]);
  });

  it.each(ofKind(true, true))('%s streams to the same end however it is cut', async (_, exchange) => {
    current = exchange;
    const chunks = (exchange.raw ?? '').split('\n\n').filter((event) => event.startsWith('data: {')).map((event) => event.slice(6));
    const text = chunks.map((chunk) => (JSON.parse(chunk) as { choices?: { delta?: { content?: string } }[] }).choices?.[0]?.delta?.content ?? '').join('');
    for (cut of [0, 1_000, 61, 7]) {
      const parts: string[] = [];
      const outcome = await client.complete({ ...chat, target: upstream.target, body: exchange.req, stream: true }, { onPart: (json) => parts.push(json.toString()) });
      if (outcome.kind === 'failed') throw outcome.error;
      expect(parts).toEqual(chunks);
      expect(textIn(outcome.answer())).toBe(text);
      expect(text).not.toBe('');
      expect(outcome).toMatchObject({ finishReason: 'stop', usage: { estimated: false } });
    }
    cut = 0;
  });

  it.each(ofKind(false, false))('%s is a refusal with OpenAI\'s words', async (_, exchange) => {
    current = exchange;
    const outcome = await client.complete({ ...chat, target: upstream.target, body: exchange.req, stream: false });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'invalid_request', isRetryable: false, upstreamStatus: exchange.status } });
    const words = (exchange.body as unknown as { error: { message: string } }).error.message;
    expect(outcome.kind === 'failed' && outcome.error.message).toContain(words);
  });
});
