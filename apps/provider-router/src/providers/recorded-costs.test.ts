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

interface Compared {
  readonly name: string;
  readonly ours: number;
  readonly theirs: number;
}

/** Both costs of every recorded answer in USD, and the models that only one of the two knows. */
function compared({ file, wire, vendor, theirs: [providerId, flavor] }: Source): { both: Compared[]; unknown: Set<string> } {
  const provider = findProvider({ providerId });
  if (!provider) throw new Error(`genai-prices has no provider ${providerId}`);
  const both: Compared[] = [];
  const unknown = new Set<string>();
  for (const line of readFileSync(`${folder}/${file}.jsonl`, 'utf8').trim().split('\n')) {
    const { status, body, req, file: cassette, i } = JSON.parse(line) as { status: number; body: object | null; req: { model?: string }; file: string; i: number };
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

describe.skipIf(!isThere)(`what recorded answers cost, beside @pydantic/genai-prices${isThere ? '' : ' (skipped: set NEXUS_WIRE_FIXTURES to the folder that holds anthropic.jsonl)'}`, () => {
  it.each(sources.map((source) => [source.file, source] as const))('is the same for %s, but for the rounding to a micro-USD', (_, source) => {
    const { both, unknown } = compared(source);
    const differing = both.filter(({ ours, theirs }) => Math.abs(ours - theirs) > Math.max(RELATIVE * theirs, MICRO / 2 + 1e-12));
    expect(differing).toEqual([]);
    expect(both.length).toBeGreaterThan(20);
    expect([...unknown]).toEqual(source.file === 'openai-chat' ? ['gpt-4.5-preview-2025-02-27: not ours'] : []);
  });
});
