import { describe, expect, it } from 'vitest';
import type { ServerEvent } from '../hub/wire.js';
import { anthropic } from './anthropic.js';
import { grown } from './streamed-text.fixture.js';

const event = (type: string, rest: Record<string, unknown> = {}): ServerEvent => ({ event: type, json: { type, ...rest } });
const begin = (usage: unknown = { input_tokens: 5, output_tokens: 1 }) => event('message_start', { message: { id: 'msg_1', model: 'claude-opus-4-8', content: [], usage } });
const start = (index: number, block: Record<string, unknown>) => event('content_block_start', { index, content_block: block });
const delta = (index: number, piece: Record<string, unknown>) => event('content_block_delta', { index, delta: piece });
const stop = (index: number) => event('content_block_stop', { index });
const end = (reason: string, rest: Record<string, unknown> = {}) => event('message_delta', { delta: { stop_reason: reason, stop_sequence: null, ...rest }, usage: { output_tokens: 9 } });
const json = (partial: string) => ({ type: 'input_json_delta', partial_json: partial });

function read(...events: ServerEvent[]) {
  const reader = anthropic.reader();
  return grown(events.flatMap((one) => reader.read(one)));
}

describe('a stream of Messages', () => {
  it('keeps parts apart whose pieces come in turns', () => {
    const answer = read(
      begin(),
      start(0, { type: 'tool_use', id: 'a', name: 'first', input: {} }),
      start(1, { type: 'tool_use', id: 'b', name: 'second', input: {} }),
      delta(0, json('{"x"')),
      delta(1, json('{"y":')),
      delta(0, json(':1}')),
      stop(0),
      delta(1, json('2}')),
      stop(1),
      end('tool_use'),
    );
    expect(answer.parts).toEqual([
      { kind: 'tool_call', id: 'a', name: 'first', arguments: '{"x":1}' },
      { kind: 'tool_call', id: 'b', name: 'second', arguments: '{"y":2}' },
    ]);
    expect(answer.finishReason).toBe('tool_calls');
  });

  it('gives a call without arguments none, and one that had them from the beginning its own', () => {
    const answer = read(
      begin(),
      start(0, { type: 'tool_use', id: 'a', name: 'now', input: {} }),
      delta(0, json('')),
      stop(0),
      start(1, { type: 'tool_use', id: 'b', name: 'at', input: { hour: 7 } }),
      stop(1),
      start(2, { type: 'tool_use', id: 'c', name: 'at', input: { hour: 1 } }),
      delta(2, json('{"hour":8}')),
      stop(2),
    );
    expect(answer.parts.map((part) => part.kind === 'tool_call' && part.arguments)).toEqual(['', '{"hour":7}', '{"hour":8}']);
  });

  it('marks signatures as Anthropic\'s, and hidden thoughts as such', () => {
    const answer = read(
      begin(),
      start(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'Hm' }),
      delta(0, { type: 'thinking_delta', thinking: 'm.' }),
      delta(0, { type: 'signature_delta', signature: 'Ep==' }),
      stop(0),
      start(1, { type: 'redacted_thinking', data: 'Em==' }),
      stop(1),
      start(2, { type: 'text', text: '' }),
      delta(2, { type: 'text_delta', text: 'Yes.' }),
    );
    expect(answer.parts).toEqual([
      { kind: 'reasoning', text: 'Hmm.', signature: 'anthropic:Ep==' },
      { kind: 'reasoning', text: '', signature: 'anthropic:Em==', isRedacted: true },
      { kind: 'text', text: 'Yes.' },
    ]);
  });

  it('passes over the provider\'s own tools, citations, pings and what it does not know', () => {
    const answer = read(
      begin(),
      event('ping'),
      start(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      delta(0, json('{"query":"x"}')),
      stop(0),
      start(1, { type: 'web_search_tool_result', tool_use_id: 's', content: [] }),
      stop(1),
      start(2, { type: 'text', text: '' }),
      delta(2, { type: 'citations_delta', citation: { type: 'web_search_result_location' } }),
      delta(2, { type: 'text_delta', text: 'Found.' }),
      delta(2, { type: 'some_new_delta', text: 'no' }),
      stop(2),
      start(3, { type: 'some_new_block' }),
      event('some_new_event'),
      end('pause_turn'),
    );
    expect(answer).toMatchObject({ parts: [{ kind: 'text', text: 'Found.' }], finishReason: 'other' });
  });

  it('takes what the end says of the usage for more than what the beginning said, field by field', () => {
    const answer = read(
      begin({ input_tokens: 690, cache_creation_input_tokens: 100, cache_read_input_tokens: 7, cache_creation: { ephemeral_5m_input_tokens: 40, ephemeral_1h_input_tokens: 60 }, output_tokens: 1 }),
      event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 3_042, cache_creation_input_tokens: 110, cache_read_input_tokens: null, output_tokens: 354, output_tokens_details: { thinking_tokens: 54 }, server_tool_use: { web_search_requests: 2 } } }),
    );
    expect(answer.usage).toEqual({ input: 3_042, output: 354, cacheRead: 7, cacheWrite: 50, cacheWrite1h: 60, reasoning: 54, requests: 2 });
  });

  it('has the usage of the beginning when the end never comes', () => {
    expect(read(begin()).usage).toMatchObject({ input: 5, output: 1 });
    expect(read(begin()).finishReason).toBe('other');
  });

  it.each([
    ['end_turn', {}, 'stop', undefined],
    ['stop_sequence', { stop_sequence: 'END' }, 'stop', 'END'],
    ['max_tokens', {}, 'length', undefined],
    ['model_context_window_exceeded', {}, 'length', undefined],
    ['tool_use', {}, 'tool_calls', undefined],
    ['refusal', {}, 'content_filter', undefined],
    ['pause_turn', {}, 'other', undefined],
    ['some_new_word', {}, 'other', undefined],
  ])('ends with %s', (word, rest, reason, stopSequence) => {
    const { finishReason, stopSequence: told } = read(begin(), end(word, rest));
    expect({ finishReason, told }).toEqual({ finishReason: reason, told: stopSequence });
    const whole = anthropic.readAnswer({ type: 'message', content: [], stop_reason: word, stop_sequence: null, ...rest });
    expect(whole).toMatchObject({ kind: 'answer', answer: { finishReason: reason } });
  });

  it('tells why the provider refused, where it says so', () => {
    const details = { type: 'refusal', category: 'bio', explanation: 'Not this.' };
    expect(read(begin(), end('refusal', { stop_details: details })).parts).toEqual([{ kind: 'refusal', text: 'Not this.' }]);
    expect(anthropic.readAnswer({ content: [], stop_reason: 'refusal', stop_details: details })).toMatchObject({ answer: { parts: [{ kind: 'refusal', text: 'Not this.' }] } });
  });

  it('says that the provider failed in the midst', () => {
    const body = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const reader = anthropic.reader();
    expect(reader.read({ event: 'error', json: body })).toEqual([{ kind: 'error', body }]);
    expect(reader.isDone).toBe(false);
  });
});

describe('a body with status 200', () => {
  it.each([[null], ['text'], [[]], [{}], [{ type: 'message', content: 'text' }]])('is garbage when it is %j', (body) => {
    expect(anthropic.readAnswer(body)).toEqual({ kind: 'garbage' });
  });

  it('may be an error', () => {
    const body = { type: 'error', error: { type: 'api_error', message: 'Internal server error' } };
    expect(anthropic.readAnswer(body)).toEqual({ kind: 'error', body });
  });
});
