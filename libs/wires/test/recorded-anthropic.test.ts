import { describe, expect, it } from 'vitest';
import { anthropic } from '../src/anthropic/anthropic.js';
import { eventsIn, frameOf, grown, writtenStream } from '../src/anthropic/streamed-text.fixture.js';
import { answerAsEvents } from '../src/hub/answer-as-events.js';
import type { ModelAnswer, ToldUsage } from '../src/hub/model-answer.js';
import type { ModelMessage, ModelPart } from '../src/hub/model-part.js';
import { inSmallPieces, readEvents, recordedExchanges, type RecordedExchange } from './recorded-exchanges.js';

interface Block {
  readonly type: string;
  readonly id?: string;
  readonly name?: string;
  readonly text?: string;
  readonly thinking?: string;
  readonly signature?: string;
  readonly data?: string;
  readonly input?: Record<string, unknown>;
}
interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly output_tokens_details?: { readonly thinking_tokens: number };
  readonly server_tool_use?: { readonly web_search_requests: number };
}
interface Message {
  readonly id: string;
  readonly model: string;
  readonly content: readonly Block[];
  readonly stop_reason: string;
  readonly usage: Usage;
}

const exchanges = recordedExchanges('anthropic');
const isThere = exchanges !== undefined;
const named = (exchanges ?? []).map((exchange): [string, RecordedExchange] => [exchange.name, exchange]);
const whole = named.filter(([, { body }]) => body);
const streams = named.filter(([, { events }]) => events);

const messageOf = ({ body }: RecordedExchange) => body as unknown as Message;
const streamed = ({ events }: RecordedExchange) => readEvents(anthropic.reader(), events ?? []);

function answerOf({ body }: RecordedExchange): ModelAnswer {
  const read = anthropic.readAnswer(body);
  if (read.kind !== 'answer') throw new Error(read.kind);
  return read.answer;
}

/** What counts as the same whoever told it. */
const told = ({ parts, finishReason, stopSequence, usage }: ModelAnswer) => ({ parts, finishReason, stopSequence, usage });

/** Told in Anthropic's words once more, from the parts as they were read. */
const bare = (signature: string | undefined) => signature?.replace(/^anthropic:/, '');
const blockOf = (part: ModelPart): Block => {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'tool_call':
      return { type: 'tool_use', id: part.id, name: part.name, input: part.arguments === '' ? {} : (JSON.parse(part.arguments) as Record<string, unknown>) };
    case 'reasoning':
      return part.isRedacted ? { type: 'redacted_thinking', data: bare(part.signature) } : { type: 'thinking', thinking: part.text, signature: bare(part.signature) };
    default:
      throw new Error(`no answer has a ${part.kind}`);
  }
};
const KNOWN = ['text', 'tool_use', 'thinking', 'redacted_thinking'];

/** Messages of one side are one turn. */
const merged = (messages: readonly ModelMessage[]) =>
  messages.reduce<ModelMessage[]>((turns, { role, parts }) => {
    const last = turns.at(-1);
    return last?.role === role ? [...turns.slice(0, -1), { role, parts: [...last.parts, ...parts] }] : [...turns, { role, parts }];
  }, []);

function expectExact(usage: ToldUsage | undefined, raw: Usage): void {
  if (!usage) throw new Error('no usage');
  expect(usage).toEqual({
    input: raw.input_tokens,
    output: raw.output_tokens,
    cacheRead: raw.cache_read_input_tokens,
    cacheWrite: raw.cache_creation_input_tokens,
    cacheWrite1h: 0,
    reasoning: raw.output_tokens_details?.thinking_tokens,
    requests: raw.server_tool_use?.web_search_requests ?? 0,
  });
}

describe.skipIf(!isThere)(`recorded exchanges with Anthropic${isThere ? '' : ' (skipped: set NEXUS_WIRE_FIXTURES to the folder that holds anthropic.jsonl)'}`, () => {
  it('are enough to mean something', () => {
    expect(whole.length).toBeGreaterThan(50);
    expect(streams.length).toBeGreaterThan(3);
  });

  it.each(whole)('%s says what Anthropic meant, every token once', (_, exchange) => {
    const message = messageOf(exchange);
    const answer = answerOf(exchange);
    expect(answer).toMatchObject({ id: message.id, model: message.model, finishReason: message.stop_reason === 'tool_use' ? 'tool_calls' : 'stop' });
    expect(answer.parts.map(blockOf)).toEqual(message.content.filter(({ type }) => KNOWN.includes(type)).map(({ type, id, name, text, thinking, signature, data, input }) => ({ type, id, name, text, thinking, signature, data, input })));
    expectExact(answer.usage, message.usage);
  });

  it.each(whole)('%s is the same after a client got it whole, and after it got it as a stream', (_, exchange) => {
    const answer = answerOf(exchange);
    const again = anthropic.readAnswer(anthropic.writeAnswer(answer, frameOf()));
    if (again.kind !== 'answer') throw new Error(again.kind);
    expect(again.answer).toMatchObject({ id: 'msg_1', model: 'best' });
    expect(told(again.answer)).toEqual(told(answer));
    for (const events of [answerAsEvents(answer), inSmallPieces(answerAsEvents(answer))]) expect(told(grown(eventsIn(writtenStream(events))))).toEqual(told(answer));
  });

  it.each(streams)('%s streams what Anthropic meant, every token once', (_, exchange) => {
    const { events = [] } = exchange;
    const answer = grown(streamed(exchange));
    const pieces = events.map(({ json }) => json['delta'] as { type: string; text?: string; thinking?: string; signature?: string } | undefined);
    const joined = (of: (piece: NonNullable<(typeof pieces)[number]>) => string | undefined) => pieces.map((piece) => (piece && of(piece)) ?? '').join('');
    const joinedParts = (kind: 'text' | 'reasoning') => answer.parts.flatMap((part) => (part.kind === kind ? [part.text] : [])).join('');
    expect(joinedParts('text')).toBe(joined(({ text }) => text));
    expect(joinedParts('text')).not.toBe('');
    expect(joinedParts('reasoning')).toBe(joined(({ thinking }) => thinking));
    const signatures = answer.parts.flatMap((part) => (part.kind === 'reasoning' && !part.isRedacted ? [bare(part.signature)] : []));
    expect(signatures.join('')).toBe(joined(({ signature }) => signature));
    expect(answer.finishReason).toBe('stop');
    expectExact(answer.usage, events.find(({ event }) => event === 'message_delta')?.json['usage'] as Usage);
    expect(told(grown(eventsIn(writtenStream(streamed(exchange)))))).toEqual(told(answer));
  });

  it('have searches of the web, which are charged by the piece', () => {
    const searches = [...whole.map(([, exchange]) => answerOf(exchange)), ...streams.map(([, exchange]) => grown(streamed(exchange)))].map(({ usage }) => usage?.requests ?? 0);
    expect(searches.filter((count) => count > 0)).toEqual([1, 1]);
  });

  it.each(streams)('%s is done with its last event alone', (_, { events = [] }) => {
    const reader = anthropic.reader();
    events.forEach((event, i) => {
      reader.read(event);
      expect(reader.isDone).toBe(i === events.length - 1);
    });
  });

  const isHosted = ({ request: req }: RecordedExchange) => {
    const tools = (req?.['tools'] ?? []) as { type?: string }[];
    return tools.some(({ type }) => type !== undefined && !type.startsWith('tool_search_tool')) || 'mcp_servers' in (req ?? {}) || 'container' in (req ?? {}) || JSON.stringify(req).includes('"type":"file"');
  };

  it.each(named.filter(([, exchange]) => !isHosted(exchange)))('%s asks for the same when it is read, written and read', (_, { request }) => {
    const read = anthropic.readRequest(request);
    const written = anthropic.writeRequest(read);
    expect(anthropic.readRequest(written)).toEqual({ ...read, messages: merged(read.messages) });
    expect(written).toMatchObject({ model: request?.['model'], max_tokens: request?.['max_tokens'] });
  });

  it.each(named.filter(([, exchange]) => isHosted(exchange)))('%s is refused to others than Anthropic, with the place', (_, { request }) => {
    expect(() => anthropic.readRequest(request)).toThrow(expect.objectContaining({ code: 'unsupported_value', status: 400, param: expect.stringMatching(/^(tools\[\d\]\.type|mcp_servers|container|messages\[\d\]\.content\[\d\]\.source\.type)$/) }));
  });

  it('are of both sorts', () => {
    expect(named.filter(([, exchange]) => isHosted(exchange)).length).toBeGreaterThan(5);
    expect(named.filter(([, exchange]) => !isHosted(exchange)).length).toBeGreaterThan(40);
  });
});
