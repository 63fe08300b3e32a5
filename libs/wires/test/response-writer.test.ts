import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { answerAsEvents } from '../src/hub/answer-as-events.js';
import type { AnswerEvent } from '../src/hub/answer-event.js';
import type { ModelAnswer } from '../src/hub/model-answer.js';
import type { ModelRequest } from '../src/hub/model-request.js';
import type { AnswerFrame, ServerEvent } from '../src/hub/wire.js';
import { openAiResponses } from '../src/openai-responses/openai-responses.js';
import { eventSchemas } from './event-schemas.js';
import { hasOpenAiSchemas, openAiValidator } from './openai-schemas.js';
import { grownAnswer, inSmallPieces, readEvents, serverEvents } from './recorded-exchanges.js';

const usage = { input: 3, output: 9, cacheRead: 4, cacheWrite: 5, cacheWrite1h: 1, reasoning: 2 };
const request: ModelRequest = {
  model: 'asked',
  isStream: true,
  messages: [{ role: 'system', parts: [{ kind: 'text', text: 'Be brief.' }] }],
  tools: [
    { name: 'f', description: 'does', parameters: { type: 'object' } },
    { name: 'patch', description: undefined, parameters: { type: 'object' }, freeform: { format: undefined } },
    { name: 'files__list', description: undefined, parameters: { type: 'object' }, namespace: 'files' },
  ],
  toolChoice: { kind: 'tool', name: 'f' },
  responseFormat: { kind: 'schema', name: 's', schema: { type: 'object' }, isStrict: true },
  reasoning: { effort: 'low', isShown: true },
  stop: [],
};
const frame: AnswerFrame = { id: 'resp_7', model: 'asked', createdAt: 7, request };
const answer: ModelAnswer = {
  id: 'resp_7',
  model: 'asked',
  parts: [
    { kind: 'reasoning', text: 'hm', signature: 'anthropic:c2ln' },
    { kind: 'reasoning', text: '', signature: 'anthropic:ZGF0YQ', isRedacted: true },
    { kind: 'reasoning', text: 'own', signature: 'openai:rs_1:gAAA' },
    { kind: 'text', text: 'Hello' },
    { kind: 'refusal', text: 'Not that.' },
    { kind: 'tool_call', id: 'a', name: 'f', arguments: '{"x":1}' },
    { kind: 'tool_call', id: 'b', name: 'patch', arguments: '{"input":"*** \\"Begin\\""}' },
    { kind: 'tool_call', id: 'c', name: 'files__list', arguments: '{}' },
    { kind: 'text', text: 'So.' },
  ],
  finishReason: 'tool_calls',
  usage,
};

describe(`a response for a client${hasOpenAiSchemas ? '' : ' (not validated: OpenAI\'s schemas are not there)'}`, () => {
  const validate = openAiValidator();
  const written = (events: readonly AnswerEvent[], asked = frame): ServerEvent[] => {
    const writer = openAiResponses.writer(asked);
    return checked(serverEvents(events.map((event) => writer.write(event)).join('') + writer.end()));
  };
  const checked = (sent: ServerEvent[]): ServerEvent[] => {
    sent.forEach(({ event, json }, i) => {
      expect([event, json.sequence_number]).toEqual([json.type, i]);
      validate(eventSchemas[event ?? ''] ?? 'unknown event', json);
    });
    return sent;
  };
  const types = (sent: readonly ServerEvent[]): unknown[] => sent.map(({ json }) => json.type);

  it('has its items in the client\'s own words', () => {
    const whole = openAiResponses.writeAnswer(answer, frame);
    validate('Response', whole);
    expect(whole).toMatchObject({
      id: 'resp_7',
      status: 'completed',
      instructions: 'Be brief.',
      output: [
        { type: 'reasoning', id: 'rs_7_0', summary: [{ text: 'hm' }], encrypted_content: 'anthropic:c2ln' },
        { type: 'reasoning', id: 'rs_7_1', summary: [], encrypted_content: 'redacted:anthropic:ZGF0YQ' },
        { type: 'reasoning', id: 'rs_1', summary: [{ text: 'own' }], encrypted_content: 'gAAA' },
        { type: 'message', id: 'msg_7_3', content: [{ type: 'output_text', text: 'Hello' }, { type: 'refusal', refusal: 'Not that.' }] },
        { type: 'function_call', call_id: 'a', name: 'f', arguments: '{"x":1}' },
        { type: 'custom_tool_call', call_id: 'b', name: 'patch', input: '*** "Begin"' },
        { type: 'function_call', call_id: 'c', namespace: 'files', name: 'list', arguments: '{}' },
        { type: 'message', content: [{ type: 'output_text', text: 'So.' }] },
      ],
      usage: { input_tokens: 13, input_tokens_details: { cached_tokens: 4, cache_write_tokens: 6 }, output_tokens: 9, output_tokens_details: { reasoning_tokens: 2 }, total_tokens: 22 },
    });
  });

  it('is the same as a stream, however that is cut', () => {
    const whole = openAiResponses.writeAnswer(answer, frame);
    const { cacheWrite1h: _, ...told } = { ...usage, cacheWrite: 6 };
    for (const events of [answerAsEvents(answer), inSmallPieces(answerAsEvents(answer))]) {
      const sent = written(events);
      expect(sent.at(-1)?.json.response).toEqual(whole);
      expect(sent.filter(({ event }) => event === 'response.output_item.done').map(({ json }) => json.item)).toEqual(expect.arrayContaining(whole.output as unknown[]));
      expect(grownAnswer(readEvents(openAiResponses.reader(), sent))).toEqual({ ...answer, usage: told });
    }
  });

  it('goes through the events in OpenAI\'s order', () => {
    const text = { kind: 'text', index: 0, text: 'Hi' } as const;
    expect(types(written([{ kind: 'start', id: 'x', model: 'y' }, text, { kind: 'finish', reason: 'stop' }, { kind: 'usage', usage }]))).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
  });

  it('keeps calls apart that grow side by side, and gives one without arguments an empty object', () => {
    const call = (index: number, id: string, args: string): AnswerEvent => ({ kind: 'tool_call', index, id, name: id === '' ? '' : 'f', arguments: args });
    const sent = written([call(0, 'a', ''), call(1, 'b', ''), call(0, '', '{"x"'), call(0, '', ':1}'), { kind: 'finish', reason: 'tool_calls' }]);
    expect(sent.filter(({ event }) => event === 'response.output_item.done').map(({ json }) => json.item)).toMatchObject([
      { call_id: 'a', arguments: '{"x":1}' },
      { call_id: 'b', arguments: '{}' },
    ]);
    expect(sent.filter(({ event }) => event === 'response.function_call_arguments.delta').map(({ json }) => [json.output_index, json.delta])).toEqual([
      [0, '{"x"'],
      [0, ':1}'],
      [1, '{}'],
    ]);
  });

  it.each([
    ['length', 'response.incomplete', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [{ status: 'incomplete' }] }],
    ['content_filter', 'response.incomplete', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }],
    ['error', 'response.failed', { status: 'failed', error: { code: 'server_error' } }],
  ] as const)('that ended for %s says so', (reason, type, response) => {
    const cut: ModelAnswer = { ...answer, parts: [{ kind: 'text', text: 'Hi' }], finishReason: reason };
    const sent = written(answerAsEvents(cut));
    expect(sent.at(-1)).toMatchObject({ event: type, json: { response } });
    expect(sent.at(-1)?.json.response).toEqual(openAiResponses.writeAnswer(cut, frame));
  });

  it('does not end well what did not end', () => {
    expect(types(written([{ kind: 'text', index: 0, text: 'Hi' }])).at(-1)).toBe('response.output_text.delta');
  });

  it.each([
    [429, 'rate_limit_exceeded'],
    [400, 'invalid_prompt'],
    [502, 'server_error'],
  ])('that failed with status %i ends with what came and the error', (status, code) => {
    const writer = openAiResponses.writer(frame);
    const sent = checked(serverEvents(writer.write({ kind: 'text', index: 0, text: 'Hi' }) + writer.fail(new AppError('x', 'It broke.', { status }))));
    expect(sent.at(-1)).toMatchObject({ event: 'response.failed', json: { response: { status: 'failed', error: { code, message: 'It broke.' }, output: [{ status: 'incomplete', content: [{ text: 'Hi' }] }] } } });
  });
});
