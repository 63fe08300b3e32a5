import { describe, expect, it } from 'vitest';
import type { AnswerEvent } from '../hub/answer-event.js';
import { AnswerGrower } from '../hub/answer-grower.js';
import type { ModelAnswer } from '../hub/model-answer.js';
import { ResponseAnswerReader } from './answer-reader.js';
import { readAnswer } from './read-answer.js';

type Json = Record<string, unknown>;

const read = (...events: Json[]): AnswerEvent[] => {
  const reader = new ResponseAnswerReader();
  return events.flatMap((json) => reader.read({ event: String(json.type), json }));
};
const grow = (...events: Json[]): ModelAnswer => {
  const grower = new AnswerGrower();
  for (const event of read(...events)) grower.add(event);
  return grower.answer();
};
const message = { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }, { type: 'refusal', refusal: 'No.' }] };
const thought = { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'a' }, { type: 'summary_text', text: 'b' }], encrypted_content: 'gAAA' };
const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"x":1}' };
const custom = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_2', name: 'patch', input: 'a "b"' };
const output = [thought, message, call, custom];
const response = (rest: Json = {}): Json => ({ id: 'resp_1', object: 'response', model: 'm', status: 'completed', error: null, output, usage: { input_tokens: 5, output_tokens: 7, total_tokens: 12 }, ...rest });
const completed = (rest?: Json): Json => ({ type: 'response.completed', response: response(rest) });
const created = { type: 'response.created', response: response({ status: 'in_progress', output: [] }) };

const whole = readAnswer(response());
const answer = whole.kind === 'answer' ? whole.answer : undefined;

describe('a streamed response', () => {
  it('is what the whole is', () => {
    expect(answer?.parts).toEqual([
      { kind: 'reasoning', text: 'a\n\nb', signature: 'openai:rs_1:gAAA' },
      { kind: 'text', text: 'Hello' },
      { kind: 'refusal', text: 'No.' },
      { kind: 'tool_call', id: 'call_1', name: 'f', arguments: '{"x":1}' },
      { kind: 'tool_call', id: 'call_2', name: 'patch', arguments: '{"input":"a \\"b\\""}' },
    ]);
    const at = (output_index: number, type: string, rest: Json): Json => ({ type, output_index, ...rest });
    const events = [
      created,
      { type: 'response.in_progress', response: created.response },
      at(0, 'response.output_item.added', { item: { ...thought, summary: [], encrypted_content: null } }),
      at(0, 'response.reasoning_summary_text.delta', { summary_index: 0, delta: 'a' }),
      at(0, 'response.reasoning_summary_text.delta', { summary_index: 1, delta: 'b' }),
      at(0, 'response.output_item.done', { item: thought }),
      at(1, 'response.output_item.added', { item: { ...message, content: [] } }),
      at(1, 'response.output_text.delta', { content_index: 0, delta: 'Hel' }),
      at(1, 'response.output_text.delta', { content_index: 0, delta: 'lo' }),
      at(1, 'response.refusal.delta', { content_index: 1, delta: 'No.' }),
      at(1, 'response.output_item.done', { item: message }),
      at(2, 'response.output_item.added', { item: { ...call, arguments: '' } }),
      at(2, 'response.function_call_arguments.delta', { delta: '{"x"' }),
      at(2, 'response.function_call_arguments.delta', { delta: ':1}' }),
      at(2, 'response.output_item.done', { item: call }),
      at(3, 'response.output_item.added', { item: { ...custom, input: '' } }),
      at(3, 'response.custom_tool_call_input.delta', { delta: 'a "b"' }),
      at(3, 'response.output_item.done', { item: custom }),
      completed(),
    ];
    expect(grow(...events)).toEqual(answer);
    // whatever of the deltas is missing, the items have it; and whatever of the items, the end has it
    for (const left of [events.filter(({ type }) => !String(type).endsWith('.delta')), events.filter(({ type }) => !/delta|added/.test(String(type))), [created, completed()], [completed()]]) expect(grow(...left)).toEqual(answer);
  });

  it('may show the thoughts themselves, which count and not their summary', () => {
    const item = { ...thought, content: [{ type: 'reasoning_text', text: 'deep' }] };
    const parts = grow({ type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'deep' }, { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'a' }, { type: 'response.output_item.done', output_index: 0, item }).parts;
    expect(parts).toEqual([{ kind: 'reasoning', text: 'deep', signature: 'openai:rs_1:gAAA' }]);
  });

  it.each([
    [{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'length'],
    [{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'content_filter'],
    [{ output: [message] }, 'stop'],
    [{}, 'tool_calls'],
  ])('that ends with %j ends as %s', (rest, reason) => {
    expect(grow({ type: 'response.incomplete', response: response(rest) }).finishReason).toBe(reason);
  });

  it('says what the provider said of its failure, in either way', () => {
    const error = { code: 'server_error', message: 'It broke.' };
    expect(read(created, { type: 'response.failed', response: response({ status: 'failed', error }) }).at(-1)).toEqual({ kind: 'error', body: { error } });
    expect(read(created, { type: 'error', code: 'server_error', message: 'It broke.', param: null }).at(-1)).toEqual({ kind: 'error', body: { error: { ...error, param: null } } });
  });

  it('passes over events of OpenAI\'s own tools and of any shape', () => {
    expect(read({ type: 'response.web_search_call.searching', output_index: 0 }, {}, { type: 'response.output_item.done' }, { type: 'response.function_call_arguments.delta', output_index: 9, delta: '{' })).toEqual([]);
  });
});

it.each([
  [response({ error: { code: 'server_error', message: 'x' } }), 'error'],
  [{ error: { message: 'x' } }, 'error'],
  [response({ object: 'response.compaction' }), 'garbage'],
  [{ object: 'response' }, 'garbage'],
  ['x', 'garbage'],
])('takes the body %# for what it is', (json, kind) => {
  expect(readAnswer(json).kind).toBe(kind);
});

it('counts the searches that OpenAI made, by its own count or by the calls', () => {
  const search = { type: 'web_search_call', id: 'ws_1', action: { type: 'search', query: 'x' } };
  const opened = { type: 'web_search_call', id: 'ws_2', action: { type: 'open_page', url: 'x' } };
  const requests = (rest: Json): unknown => {
    const told = readAnswer(response(rest));
    return told.kind === 'answer' ? told.answer.usage?.requests : told.kind;
  };
  expect(requests({ output: [search, opened, search, message] })).toBe(2);
  expect(requests({ output: [search], tool_usage: { web_search: { num_requests: 5 } } })).toBe(5);
  expect(requests({})).toBeUndefined();
});
