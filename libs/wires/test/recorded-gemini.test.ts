import { describe, expect, it } from 'vitest';
import { gemini } from '../src/gemini/gemini.js';
import type { ModelAnswer } from '../src/hub/model-answer.js';
import type { ModelMessage } from '../src/hub/model-part.js';
import { grownAnswer, readEvents, recordedExchanges, type RecordedExchange } from './recorded-exchanges.js';

interface Part {
  readonly text?: string;
  readonly thought?: boolean;
  readonly thoughtSignature?: string;
  readonly functionCall?: { readonly name: string; readonly args: unknown };
}
interface Response {
  readonly responseId: string;
  readonly modelVersion: string;
  readonly candidates: readonly { readonly content: { readonly parts?: readonly Part[] }; readonly finishReason?: string }[];
  readonly usageMetadata: { readonly promptTokenCount: number; readonly cachedContentTokenCount?: number; readonly thoughtsTokenCount?: number; readonly totalTokenCount: number };
}

const exchanges = recordedExchanges('google');
const isThere = exchanges !== undefined;

const chunksOf = ({ body, events }: RecordedExchange): Response[] => (body ? [body] : (events ?? []).map(({ json }) => json)) as unknown as Response[];

function streamed(chunks: readonly Response[]): ModelAnswer {
  const reader = gemini.reader();
  const events = chunks.flatMap((json) => {
    expect(reader.isDone).toBe(false);
    return readEvents(reader, [{ event: undefined, json: json as unknown as Record<string, unknown> }]);
  });
  expect(reader.isDone).toBe(true);
  return grownAnswer(events);
}

describe.skipIf(!isThere)(`recorded exchanges with Google${isThere ? '' : ' (skipped: set NEXUS_WIRE_FIXTURES to the folder that holds google.jsonl)'}`, () => {
  const named = (exchanges ?? []).filter(({ status }) => status === 200).map((exchange): [string, RecordedExchange] => [exchange.name, exchange]);

  it('are enough to mean something', () => {
    expect(named.filter(([, { body }]) => body).length).toBeGreaterThan(50);
    expect(named.filter(([, { body }]) => !body).length).toBeGreaterThan(5);
  });

  it.each(named)('%s says what Google meant', (_, exchange) => {
    const chunks = chunksOf(exchange);
    const answer = streamed(chunks);
    const parts = chunks.flatMap(({ candidates }) => candidates[0]?.content.parts ?? []);
    expect(answer).toMatchObject({ id: chunks[0]?.responseId, model: chunks[0]?.modelVersion });
    expect(answer.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('')).toBe(parts.map((part) => part.text ?? '').join(''));
    const calls = parts.flatMap(({ functionCall }) => functionCall ?? []);
    const read = answer.parts.filter((part) => part.kind === 'tool_call');
    expect(read.map(({ name, arguments: args }) => ({ name, args: JSON.parse(args) as unknown }))).toEqual(calls.map(({ name, args }) => ({ name, args })));
    expect(new Set(read.map(({ id }) => id)).size).toBe(calls.length);
    const word = chunks.at(-1)?.candidates[0]?.finishReason;
    expect(answer.finishReason).toBe(word === 'MAX_TOKENS' ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop');
    if (exchange.body) expect(gemini.readAnswer(exchange.body)).toEqual({ kind: 'answer', answer });
  });

  it.each(named)('%s counts every token once', (_, exchange) => {
    const { usage } = streamed(chunksOf(exchange));
    const told = chunksOf(exchange).at(-1)?.usageMetadata;
    if (!usage || !told) throw new Error('no usage');
    expect(usage.input + (usage.audioInput ?? 0) + usage.cacheRead + usage.output + (usage.audioOutput ?? 0)).toBe(told.totalTokenCount);
    expect(usage.cacheRead).toBe(told.cachedContentTokenCount ?? 0);
    expect(usage.reasoning).toBe(told.thoughtsTokenCount);
  });

  it('has cached sound told apart, once', () => {
    const heard = named.map(([, exchange]) => streamed(chunksOf(exchange)).usage).filter((usage) => (usage?.cacheRead ?? 0) > 0);
    expect(heard).toEqual([{ input: 298, audioInput: 36, cacheRead: 17_379, cachedSound: 1_881, cacheWrite: 0, output: 889, reasoning: 821 }]);
  });

  it.each(named.filter(([, exchange]) => chunksOf(exchange).some(({ candidates }) => candidates[0]?.content.parts?.some((part) => part.functionCall))))('%s goes back as it came', (_, exchange) => {
    const chunks = chunksOf(exchange);
    const answer = streamed(chunks);
    const results = answer.parts.flatMap((part): ModelMessage[] =>
      part.kind === 'tool_call' ? [{ role: 'tool', parts: [{ kind: 'tool_result', callId: part.id, parts: [{ kind: 'text', text: 'done' }], isError: false }] }] : [],
    );
    const messages: ModelMessage[] = [{ role: 'user', parts: [{ kind: 'text', text: 'go' }] }, { role: 'assistant', parts: answer.parts }, ...results];
    const { contents } = gemini.writeRequest({ model: chunks[0]?.modelVersion ?? '', isStream: false, messages, tools: [], stop: [] }) as { contents: { role: string; parts: Record<string, unknown>[] }[] };
    const sent = chunks.flatMap(({ candidates }) => candidates[0]?.content.parts ?? []).filter((part) => part.functionCall || (part.text ?? '') !== '');
    expect(contents.map(({ role }) => role)).toEqual(['user', 'model', 'user']);
    expect(contents[1]?.parts).toMatchObject(sent);
    expect(contents[2]?.parts).toHaveLength(results.length);
  });
});
