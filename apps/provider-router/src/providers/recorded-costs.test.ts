import { calcPrice, extractUsage, findProvider } from '@pydantic/genai-prices';
import { costOf, mixedCacheRead } from '@nexus/core';
import { anthropic, gemini, openAiChat, openAiResponses, type UpstreamWire } from '@nexus/wires';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { priceAt } from '../domain/price-list.js';
import { loadPriceList } from './load-price-list.js';

/** Real exchanges with providers, one JSON a line. They are no part of this repository. */
const folder = process.env['NEXUS_WIRE_FIXTURES'] ?? fileURLToPath(new URL('../../../../../shared/data/wire', import.meta.url));
const isThere = existsSync(`${folder}/anthropic.jsonl`);
const prices = loadPriceList(fileURLToPath(new URL('../../../../config/prices.json', import.meta.url)));

interface Source {
  readonly file: string;
  readonly wire: UpstreamWire;
  readonly vendor: string;
  /** The other library's names of the provider and of the wire. */
  readonly theirs: readonly [provider: string, flavor: string];
}
const sources: readonly Source[] = [
  { file: 'openai-chat', wire: openAiChat, vendor: 'openai', theirs: ['openai', 'chat'] },
  { file: 'openai-responses', wire: openAiResponses, vendor: 'openai', theirs: ['openai', 'responses'] },
  { file: 'anthropic', wire: anthropic, vendor: 'anthropic', theirs: ['anthropic', 'default'] },
  { file: 'google', wire: gemini, vendor: 'gemini', theirs: ['google', 'default'] },
];

/** Prices are of the day of our list: the other library knows what they were. */
const timestamp = new Date(`${prices.date}T12:00:00Z`);
const RELATIVE = 0.001;
const MICRO = 1e-6;

interface Exchange {
  readonly status: number;
  readonly body: object | null;
  readonly req: { readonly model?: string };
  readonly file: string;
  readonly i: number;
}
const recordedIn = (file: string): Exchange[] => readFileSync(`${folder}/${file}.jsonl`, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Exchange);

/** Answers in the form that the providers document, with every bucket that both know; these are there everywhere. */
const chat = (model: string, usage: object) => ({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }], usage });
const response = (model: string, usage: object) => ({ id: 'resp_1', object: 'response', status: 'completed', model, output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi', annotations: [] }] }], usage });
const message = (model: string, usage: object) => ({ id: 'msg_1', type: 'message', role: 'assistant', model, content: [{ type: 'text', text: 'hi' }], stop_reason: 'end_turn', stop_sequence: null, usage });
const generated = (modelVersion: string, usageMetadata: object) => ({ candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP', index: 0 }], modelVersion, usageMetadata });
const documented: Record<string, readonly object[]> = {
  'openai-chat': [
    chat('gpt-4o-mini-2024-07-18', { prompt_tokens: 20_060, completion_tokens: 3_000, total_tokens: 23_060, prompt_tokens_details: { cached_tokens: 19_200 } }),
    chat('gpt-5-mini', { prompt_tokens: 1_117, completion_tokens: 4_600, total_tokens: 5_717, completion_tokens_details: { reasoning_tokens: 3_900 } }),
  ],
  'openai-responses': [response('gpt-5', { input_tokens: 32_800, input_tokens_details: { cached_tokens: 12_800 }, output_tokens: 5_200, output_tokens_details: { reasoning_tokens: 1_024 }, total_tokens: 38_000 })],
  anthropic: [
    message('claude-sonnet-4-5', { input_tokens: 2_095, cache_creation_input_tokens: 10_240, cache_read_input_tokens: 40_960, output_tokens: 503 }),
    message('claude-haiku-4-5', { input_tokens: 50, cache_creation_input_tokens: 2_000, cache_read_input_tokens: 0, output_tokens: 700, cache_creation: { ephemeral_5m_input_tokens: 2_000, ephemeral_1h_input_tokens: 0 } }),
    message('claude-sonnet-4-5', { input_tokens: 250_000, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 503 }),
  ],
  google: [
    generated('gemini-2.5-flash', { promptTokenCount: 10_000, cachedContentTokenCount: 4_000, candidatesTokenCount: 2_000, thoughtsTokenCount: 500, totalTokenCount: 12_500 }),
    generated('gemini-2.5-pro', { promptTokenCount: 250_000, candidatesTokenCount: 2_000, thoughtsTokenCount: 1_500, totalTokenCount: 253_500 }),
  ],
};

interface Compared {
  readonly name: string;
  readonly ours: number;
  readonly theirs: number;
}

/** Both costs of every answer in USD, and the models that only one of the two knows. */
function compared({ wire, vendor, theirs: [providerId, flavor] }: Source, exchanges: readonly Exchange[]): { both: Compared[]; unknown: Set<string> } {
  const provider = findProvider({ providerId });
  if (!provider) throw new Error(`genai-prices has no provider ${providerId}`);
  const both: Compared[] = [];
  const unknown = new Set<string>();
  for (const { status, body, req, file: cassette, i } of exchanges) {
    if (status !== 200 || body === null) continue;
    const read = wire.readAnswer(body);
    if (read.kind !== 'answer' || !read.answer.usage) continue;
    const { usage, model = req.model ?? '' } = read.answer;
    const listed = prices.lookup(vendor, model) ?? prices.lookup(vendor, req.model ?? '');
    const told = extractUsage(provider, body, flavor);
    // It has the price of OpenAI's searches, but does not look for them in the answers.
    const searches = flavor === 'responses' && usage.requests ? { web_searches: usage.requests } : {};
    const other = calcPrice({ ...told.usage, ...searches }, told.model ?? model, { provider, timestamp });
    if (!listed?.price || !other) {
      unknown.add(`${model}: ${listed?.price ? 'not theirs' : other ? 'not ours' : 'nobody'}`);
      continue;
    }
    const input = usage.input + usage.cacheRead + usage.cacheWrite + (usage.cacheWrite1h ?? 0) + (usage.audioInput ?? 0);
    const price = mixedCacheRead(priceAt({ price: listed.price, longContext: listed.longContext }, input), { cacheRead: usage.cacheRead, sound: usage.cachedSound ?? 0 });
    const ours = costOf(usage, price);
    both.push({ name: `${model}, ${cassette} #${i}`, ours: ours * MICRO, theirs: other.total_price });
  }
  return { both, unknown };
}

const differing = (both: readonly Compared[]) => both.filter(({ ours, theirs }) => Math.abs(ours - theirs) > Math.max(RELATIVE * theirs, MICRO / 2 + 1e-12));

describe('what documented answers cost, beside @pydantic/genai-prices', () => {
  it.each(sources.map((source) => [source.file, source] as const))('is the same for %s, but for the rounding to a micro-USD', (file, source) => {
    const bodies = documented[file] ?? [];
    const { both, unknown } = compared(source, bodies.map((body, i) => ({ status: 200, body, req: {}, file, i })));
    expect(differing(both)).toEqual([]);
    expect(both.every(({ ours }) => ours > 0)).toBe(true);
    expect([both.length, [...unknown]]).toEqual([bodies.length, []]);
  });
});

describe.skipIf(!isThere)(`what recorded answers cost, beside @pydantic/genai-prices${isThere ? '' : ' (skipped: set NEXUS_WIRE_FIXTURES to the folder that holds anthropic.jsonl)'}`, () => {
  it.each(sources.map((source) => [source.file, source] as const))('is the same for %s, but for the rounding to a micro-USD', (_, source) => {
    const { both, unknown } = compared(source, recordedIn(source.file));
    expect(differing(both)).toEqual([]);
    expect(both.length).toBeGreaterThan(20);
    expect([...unknown]).toEqual(source.file === 'openai-chat' ? ['gpt-4.5-preview-2025-02-27: not ours'] : []);
  });
});
