import Anthropic from '@anthropic-ai/sdk';
import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import type { AnswerEvent } from '../hub/answer-event.js';
import type { ModelAnswer, ToldUsage } from '../hub/model-answer.js';
import type { ModelRequest } from '../hub/model-request.js';
import { anthropic } from './anthropic.js';
import { eventsIn, frameOf, grown, serverEvents, writtenStream } from './streamed-text.fixture.js';

const usage: ToldUsage = { input: 10, output: 20, cacheRead: 3, cacheWrite: 4, cacheWrite1h: 0, reasoning: 6, requests: 0 };
const begin: AnswerEvent = { kind: 'start', id: 'chatcmpl-1', model: 'gpt-5' };
const text = (index: number, words: string): AnswerEvent => ({ kind: 'text', index, text: words });
const call = (index: number, id: string, args: string, name = id === '' ? '' : 'look'): AnswerEvent => ({ kind: 'tool_call', index, id, name, arguments: args });
const finish = (reason: ModelAnswer['finishReason']): AnswerEvent => ({ kind: 'finish', reason });
const told: AnswerEvent = { kind: 'usage', usage };

/** What the stock client makes of a stream. */
function sdkReads(stream: string) {
  const client = new Anthropic({ apiKey: 'key', maxRetries: 0, fetch: async () => new Response(stream, { headers: { 'content-type': 'text/event-stream' } }) });
  return client.messages.stream({ model: 'best', max_tokens: 64, messages: [{ role: 'user', content: 'Hello.' }] }).finalMessage();
}

/** The blocks in order, each as what happens to it; throws where two are open at once. */
function blocksIn(stream: string): string[] {
  let open: unknown;
  return serverEvents(stream).flatMap(({ json }) => {
    if (json['type'] === 'content_block_start') {
      if (open !== undefined) throw new Error('two blocks are open');
      open = json['index'];
    }
    if (String(json['type']).startsWith('content_block')) expect(json['index']).toBe(open);
    if (json['type'] === 'content_block_stop') open = undefined;
    return json['type'] === 'content_block_start' ? [`${String(json['index'])} ${(json['content_block'] as { type: string }).type}`] : [];
  });
}

describe('a stream to a client', () => {
  it('is a message to the stock client: text, calls, thoughts, usage and the end', async () => {
    const stream = writtenStream([
      begin,
      { kind: 'reasoning', index: 0, text: 'Hm' },
      { kind: 'reasoning', index: 0, text: 'm.', signature: 'openai:x' },
      text(1, 'I '),
      text(1, 'look.'),
      call(2, 'a', ''),
      call(2, '', '{"x"'),
      call(2, '', ':1}'),
      call(3, 'b', ''),
      finish('tool_calls'),
      told,
    ]);
    expect(await sdkReads(stream)).toEqual({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'best',
      container: null,
      diagnostics: null,
      parsed_output: null,
      content: [
        { type: 'thinking', thinking: 'Hmm.', signature: 'openai:x' },
        { type: 'text', text: 'I look.', citations: null },
        { type: 'tool_use', id: 'a', name: 'look', input: { x: 1 }, caller: { type: 'direct' } },
        { type: 'tool_use', id: 'b', name: 'look', input: {}, caller: { type: 'direct' } },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      stop_details: null,
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 4,
        cache_read_input_tokens: 3,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 20,
        output_tokens_details: { thinking_tokens: 6 },
        server_tool_use: null,
        service_tier: null,
        inference_geo: null,
        speed: null,
      },
    });
  });

  it('begins with the usage when it is known by then, and corrects it at the end', () => {
    const events = serverEvents(writtenStream([begin, told, text(0, 'Hi.'), { kind: 'usage', usage: { ...usage, input: 99 } }, finish('stop')]));
    expect(events.map(({ event }) => event)).toEqual(['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']);
    expect(events[0]?.json).toMatchObject({ message: { content: [], stop_reason: null, usage: { input_tokens: 10, output_tokens: 20 } } });
    expect(events[4]?.json).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 99, output_tokens: 20, cache_read_input_tokens: 3, cache_creation_input_tokens: 4 } });
  });

  it('has one block after the other, though calls grow side by side', () => {
    const stream = writtenStream([begin, call(0, 'a', '{"x":'), call(1, 'b', '{"y":'), call(0, '', '1}'), call(2, 'c', ''), call(1, '', '2}'), text(3, 'Done.'), call(2, '', '{}'), finish('stop')]);
    expect(blocksIn(stream)).toEqual(['0 tool_use', '1 tool_use', '2 tool_use', '3 text']);
    expect(grown(eventsIn(stream)).parts).toMatchObject([{ arguments: '{"x":1}' }, { arguments: '{"y":2}' }, { arguments: '{}' }, { text: 'Done.' }]);
  });

  it('does not wait with a part that no other stands before', () => {
    const writer = anthropic.writer(frameOf());
    writer.write(begin);
    expect(writer.write(text(0, 'Hi'))).toContain('"text":"Hi"');
    expect(writer.write(call(1, 'a', '{"x"'))).toContain('"partial_json":"{\\"x\\""');
    expect(writer.write(call(1, '', ':1}'))).toContain('"partial_json":":1}"');
    expect(writer.write(call(2, 'b', '{"y'))).toContain('"partial_json":"{\\"y"');
  });

  it('tells of refusals in text, and why it ended', async () => {
    const message = await sdkReads(writtenStream([begin, { kind: 'refusal', index: 0, text: 'No.' }, finish('stop')]));
    expect(message).toMatchObject({ content: [{ type: 'text', text: 'No.' }], stop_reason: 'refusal', stop_details: { type: 'refusal', category: null, explanation: null } });
  });

  it('shows thoughts as far as the client asked for them', () => {
    const events: AnswerEvent[] = [begin, { kind: 'reasoning', index: 0, text: 'Hm.', signature: 'anthropic:Ep==' }, { kind: 'reasoning', index: 1, text: 'Ah.' }, { kind: 'reasoning', index: 2, text: '', signature: 'anthropic:Em==', isRedacted: true }, text(3, 'Hi.'), finish('stop')];
    const shown = (said: Partial<ModelRequest>) => grown(eventsIn(writtenStream(events, frameOf(said)))).parts.filter(({ kind }) => kind === 'reasoning');
    const [signed, redacted] = [{ kind: 'reasoning', text: 'Hm.', signature: 'anthropic:Ep==' }, { kind: 'reasoning', text: '', signature: 'anthropic:Em==', isRedacted: true }];
    expect(shown({ reasoning: { effort: 'high' } })).toEqual([signed, { kind: 'reasoning', text: 'Ah.' }, redacted]);
    expect(shown({ reasoning: { isShown: false } })).toEqual([{ ...signed, text: '' }, redacted]);
    expect(shown({})).toEqual([]);
    expect(shown({ reasoning: { effort: 'none' } })).toEqual([]);
    expect(blocksIn(writtenStream(events, frameOf({})))).toEqual(['0 text']);
  });

  it('has the signature of a call come back with it', () => {
    const stream = writtenStream([begin, { kind: 'tool_call', index: 0, id: 'a', name: 'look', arguments: '{}', signature: 'gemini:abc' }, finish('tool_calls')], frameOf({}));
    const { content } = anthropic.writeAnswer({ ...grown([begin]), parts: [{ kind: 'tool_call', id: 'a', name: 'look', arguments: '{}', signature: 'gemini:abc' }] }, frameOf({}));
    for (const blocks of [content, serverEvents(stream).flatMap(({ json }) => json['content_block'] ?? [])]) {
      const { messages } = anthropic.readRequest({ model: 'best', messages: [{ role: 'assistant', content: blocks }] });
      expect(messages).toEqual([{ role: 'assistant', parts: [{ kind: 'tool_call', id: 'a', name: 'look', arguments: '', signature: 'gemini:abc' }] }]);
    }
  });

  it('gives calls ids that Anthropic takes, should the conversation go there', () => {
    expect(grown(eventsIn(writtenStream([begin, call(0, 'functions.look:0', ''), finish('tool_calls')]))).parts).toMatchObject([{ id: 'functions_2elook_3a0' }]);
  });

  it('has what was written to the cache for an hour in its bucket', () => {
    const events: AnswerEvent[] = [begin, text(0, 'Hi.'), { kind: 'usage', usage: { ...usage, cacheWrite1h: 9, requests: 2 } }, finish('stop')];
    expect(grown(eventsIn(writtenStream(events))).usage).toEqual({ ...usage, cacheWrite1h: 9, requests: 2 });
  });

  it('does not end without a reason, and ends explicitly after an error', async () => {
    const writer = anthropic.writer(frameOf());
    const start = [begin, text(0, 'Hi')].map((event) => writer.write(event)).join('');
    expect(writer.end()).toBe('');
    const failed = start + writer.fail(new AppError('stream_interrupted', 'It broke.', { status: 502 }));
    expect(serverEvents(failed).at(-1)).toEqual({ event: 'error', json: { type: 'error', error: { type: 'api_error', message: 'It broke.', details: { error_code: 'stream_interrupted' } } } });
    await expect(sdkReads(failed)).rejects.toMatchObject({ name: 'APIError', type: 'api_error', errorCode: 'stream_interrupted' });
    expect(eventsIn(failed).at(-1)).toMatchObject({ kind: 'error' });
  });

  it.each<[ModelAnswer['finishReason'], string, string | null]>([
    ['stop', 'end_turn', null],
    ['length', 'max_tokens', null],
    ['content_filter', 'refusal', null],
    ['error', 'refusal', null],
    ['other', 'end_turn', null],
    ['tool_calls', 'end_turn', null],
  ])('without calls that ends with %s says %s', (reason, word, sequence) => {
    const { content: _, ...end } = anthropic.writeAnswer({ ...grown([begin]), finishReason: reason }, frameOf());
    expect(end).toMatchObject({ stop_reason: word, stop_sequence: sequence });
    expect(serverEvents(writtenStream([begin, text(0, 'Hi.'), finish(reason)])).at(-2)?.json).toMatchObject({ delta: { stop_reason: word } });
  });

  it('says which sequence stopped it, and calls tools whatever word the provider ends with', () => {
    const stopped = { kind: 'finish', reason: 'stop', stopSequence: 'END' } as const;
    expect(grown(eventsIn(writtenStream([begin, text(0, 'Hi.'), stopped])))).toMatchObject({ finishReason: 'stop', stopSequence: 'END' });
    expect(grown(eventsIn(writtenStream([begin, call(0, 'a', '{}'), stopped])))).toMatchObject({ finishReason: 'tool_calls' });
    expect(grown(eventsIn(writtenStream([begin, call(0, 'a', '{"x'), finish('length')])))).toMatchObject({ finishReason: 'length' });
  });
});
