import { AppError } from '@nexus/core';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { answerAsEvents } from '../src/hub/answer-as-events.js';
import type { ModelAnswer } from '../src/hub/model-answer.js';
import type { AnswerFrame, ClientWire } from '../src/hub/wire.js';
import { openAiChat } from '../src/openai-chat/openai-chat.js';
import { openAiResponses } from '../src/openai-responses/openai-responses.js';
import { inSmallPieces } from './recorded-exchanges.js';

const answer: ModelAnswer = {
  id: 'x',
  model: 'm',
  parts: [
    { kind: 'reasoning', text: 'hm', signature: 'anthropic:c2ln' },
    { kind: 'text', text: 'Ünïcödé 👋' },
    { kind: 'tool_call', id: 'a', name: 'f', arguments: '{"x":1}' },
    { kind: 'tool_call', id: 'b', name: 'f', arguments: '' },
  ],
  finishReason: 'tool_calls',
  usage: { input: 5, output: 7, cacheRead: 3, cacheWrite: 0, reasoning: 2 },
};
const tools = [{ name: 'f', description: undefined, parameters: { type: 'object' } }];
const frameOf = (id: string): AnswerFrame => ({ id, model: 'm', createdAt: 7, request: { model: 'm', isStream: true, messages: [], tools, stop: [], wantsUsage: true } });

/** OpenAI's own client, answered by a wire. */
const client = (answered: { readonly json?: unknown; readonly events?: string; readonly status?: number }): OpenAI =>
  new OpenAI({
    apiKey: 'sk-x',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(answered.events ?? JSON.stringify(answered.json), { status: answered.status ?? 200, headers: { 'content-type': answered.events === undefined ? 'application/json' : 'text/event-stream' } })),
  });
const streamOf = (wire: ClientWire, frame: AnswerFrame): string => {
  const writer = wire.writer(frame);
  return inSmallPieces(answerAsEvents(answer)).map((event) => writer.write(event)).join('') + writer.end();
};
const brokenStreamOf = (wire: ClientWire, frame: AnswerFrame): string => {
  const writer = wire.writer(frame);
  return writer.write({ kind: 'text', index: 0, text: 'Hi' }) + writer.fail(new AppError('provider_error', 'It broke.', { status: 502 }));
};

describe('OpenAI\'s own client', () => {
  it('grows a chat completion from our chunks as we meant it', async () => {
    const stream = client({ events: streamOf(openAiChat, frameOf('chatcmpl-1')) }).chat.completions.stream({ model: 'm', messages: [] });
    const completion = await stream.finalChatCompletion();
    expect(completion).toMatchObject({
      id: 'chatcmpl-1',
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: 'Ünïcödé 👋',
            tool_calls: [
              { id: 'a', function: { name: 'f', arguments: '{"x":1}' } },
              { id: 'b', function: { name: 'f', arguments: '{}' } },
            ],
          },
        },
      ],
      usage: { prompt_tokens: 8, completion_tokens: 7, total_tokens: 15 },
    });
  });

  it('grows a response from our events, the same that comes whole', async () => {
    const frame = frameOf('resp_1');
    const whole = openAiResponses.writeAnswer(answer, frame);
    const response = await client({ events: streamOf(openAiResponses, frame) }).responses.stream({ model: 'm', input: 'Hi' }).finalResponse();
    expect(response.output).toMatchObject(whole.output as object[]);
    expect(response).toMatchObject({ id: 'resp_1', status: 'completed', output_text: 'Ünïcödé 👋', usage: { input_tokens: 8, output_tokens: 7, total_tokens: 15 } });
    const asked = await client({ json: whole }).responses.create({ model: 'm', input: 'Hi' });
    expect(asked).toMatchObject({ output_text: 'Ünïcödé 👋', output: whole.output });
  });

  it('hears of a failure in the midst of a stream', async () => {
    await expect(client({ events: brokenStreamOf(openAiChat, frameOf('chatcmpl-1')) }).chat.completions.stream({ model: 'm', messages: [] }).finalChatCompletion()).rejects.toThrow('It broke.');
    const seen: unknown[] = [];
    for await (const event of await client({ events: brokenStreamOf(openAiResponses, frameOf('resp_1')) }).responses.create({ model: 'm', input: 'Hi', stream: true })) seen.push(event.type === 'response.failed' ? event.response.error : event.type);
    expect(seen.at(-1)).toEqual({ code: 'server_error', message: 'It broke.' });
  });

  it('reads our errors', async () => {
    const json = openAiResponses.writeError(new AppError('unsupported_value', 'No.', { status: 400, param: 'tools[0].type' }), 'req');
    await expect(client({ json, status: 400 }).responses.create({ model: 'm', input: 'Hi' })).rejects.toMatchObject({ status: 400, code: 'unsupported_value', param: 'tools[0].type', type: 'invalid_request_error' });
  });
});
