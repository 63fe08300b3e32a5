import { describe, expect, it } from 'vitest';
import { answerAsEvents } from '../src/hub/answer-as-events.js';
import type { ModelAnswer } from '../src/hub/model-answer.js';
import type { ModelRequest } from '../src/hub/model-request.js';
import type { AnswerFrame } from '../src/hub/wire.js';
import { openAiChat } from '../src/openai-chat/openai-chat.js';
import { hasOpenAiSchemas, openAiValidator } from './openai-schemas.js';
import { grownAnswer, inSmallPieces, readEvents, recordedExchanges, serverEvents, type RecordedExchange } from './recorded-exchanges.js';

const exchanges = recordedExchanges('openai-chat');
const missing = `${exchanges ? '' : ' (skipped: set NEXUS_WIRE_FIXTURES to the folder that holds openai-chat.jsonl)'}${hasOpenAiSchemas ? '' : ' (not validated: OpenAI\'s schemas are not there)'}`;

describe.skipIf(!exchanges)(`recorded chat completions${missing}`, () => {
  const validate = openAiValidator();
  const named = (filter: (exchange: RecordedExchange) => boolean): [string, RecordedExchange][] => (exchanges ?? []).filter(filter).map((it) => [it.name, it]);
  const whole = named(({ status, body }) => status === 200 && body !== null);
  const streamed = named(({ events }) => events !== undefined);

  const frameOf = (answer: ModelAnswer, request: ModelRequest): AnswerFrame => ({ id: answer.id ?? '', model: answer.model ?? '', createdAt: 1, request });
  const answerOf = (json: unknown): ModelAnswer => {
    const read = openAiChat.readAnswer(json);
    if (read.kind !== 'answer') throw new Error(`read as ${read.kind}`);
    return read.answer;
  };

  it('are enough to mean something', () => {
    expect(whole.length).toBeGreaterThan(20);
    expect(streamed.length).toBeGreaterThan(0);
  });

  it.each(whole)('%s says the same when it was read and written, whole and as a stream', (_, exchange) => {
    const answer = answerOf(exchange.body);
    const frame = frameOf(answer, { ...ANY_REQUEST, wantsUsage: true });
    const written = openAiChat.writeAnswer(answer, frame);
    validate('CreateChatCompletionResponse', written);
    expect(answerOf(written)).toEqual(answer);
    for (const events of [answerAsEvents(answer), inSmallPieces(answerAsEvents(answer))]) {
      const writer = openAiChat.writer(frame);
      const chunks = serverEvents(events.map((event) => writer.write(event)).join('') + writer.end());
      for (const { json } of chunks) validate('CreateChatCompletionStreamResponse', json);
      expect(grownAnswer(readEvents(openAiChat.reader(), chunks))).toEqual(answer);
    }
  });

  it.each(whole)('%s is read as OpenAI meant it, to the token', (_, { body }) => {
    const answer = answerOf(body);
    const { choices, usage } = body as unknown as { choices: { message: { content: string | null; tool_calls?: { id: string; function: { name: string; arguments: string } }[] }; finish_reason: string }[]; usage: Record<string, number> };
    const message = choices[0]?.message;
    expect(answer.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')).toBe(message?.content ?? '');
    expect(answer.parts.filter((part) => part.kind === 'tool_call')).toEqual((message?.tool_calls ?? []).map((call) => ({ kind: 'tool_call', id: call.id, name: call.function.name, arguments: call.function.arguments })));
    expect(answer.finishReason).toBe(choices[0]?.finish_reason);
    const told = answer.usage ?? { input: -1, output: -1, cacheRead: 0, cacheWrite: 0 };
    expect(told.input + told.cacheRead + told.cacheWrite).toBe(usage['prompt_tokens']);
    expect(told.output).toBe(usage['completion_tokens']);
    expect(told.input + told.cacheRead + told.cacheWrite + told.output).toBe(usage['total_tokens']);
  });

  it.each(streamed)('%s streams the same answer when it was read and written', (_, exchange) => {
    const reader = openAiChat.reader();
    const events = readEvents(reader, exchange.events ?? []);
    const answer = grownAnswer(events);
    expect(reader.isDone).toBe(true);
    expect(answer).toMatchObject({ finishReason: 'stop', usage: { cacheRead: 0 } });
    expect(answer.parts).not.toEqual([]);
    const writer = openAiChat.writer(frameOf(answer, { ...ANY_REQUEST, wantsUsage: true }));
    const text = events.map((event) => writer.write(event)).join('') + writer.end();
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    const chunks = serverEvents(text);
    for (const { json } of chunks) validate('CreateChatCompletionStreamResponse', json);
    expect(new Set(chunks.map(({ json }) => json.id))).toEqual(new Set([answer.id]));
    expect(grownAnswer(readEvents(openAiChat.reader(), chunks))).toEqual(answer);
  });

  it.each(named((exchange) => onlyOpenAis(exchange) === undefined))('%s asks the same when it was read and written', (_, exchange) => {
    const request = openAiChat.readRequest(exchange.request);
    const written = openAiChat.writeRequest(request);
    validate('CreateChatCompletionRequest', written);
    expect(openAiChat.readRequest(written)).toEqual(withoutCacheMarks(request));
  });

  it.each(named((exchange) => onlyOpenAis(exchange) !== undefined))('%s asks for what only OpenAI has, and is refused', (_, exchange) => {
    expect(() => openAiChat.readRequest(exchange.request)).toThrow(expect.objectContaining({ code: 'unsupported_value', status: 400, param: onlyOpenAis(exchange) }) as Error);
  });

  it.each(named(({ status }) => status !== 200))('%s is an error in OpenAI\'s own words', (_, { body }) => {
    expect(openAiChat.readAnswer(body)).toEqual({ kind: 'error', body });
  });
});

const ANY_REQUEST: ModelRequest = { model: 'm', isStream: false, messages: [], tools: [], stop: [] };

/** The place of what nobody but OpenAI can be asked for. */
function onlyOpenAis({ request }: RecordedExchange): string | undefined {
  const field = ['moderation', 'web_search_options'].find((name) => request?.[name] !== undefined);
  return field ?? (JSON.stringify(request).includes('"file_id"') ? 'messages[3].content[1].file.file_id' : undefined);
}

/** Marks for the cache change nothing in an answer and are not written. */
function withoutCacheMarks(request: ModelRequest): ModelRequest {
  return { ...request, messages: request.messages.map(({ role, parts }) => ({ role, parts: parts.map((part) => ('cache' in part ? { ...part, cache: undefined } : part)) })) };
}
