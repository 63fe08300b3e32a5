import { describe, expect, it } from 'vitest';
import { answerAsEvents } from '../src/hub/answer-as-events.js';
import type { ModelAnswer } from '../src/hub/model-answer.js';
import type { ModelRequest } from '../src/hub/model-request.js';
import type { AnswerFrame } from '../src/hub/wire.js';
import { openAiResponses } from '../src/openai-responses/openai-responses.js';
import { eventSchemas } from './event-schemas.js';
import { hasOpenAiSchemas, openAiValidator } from './openai-schemas.js';
import { grownAnswer, inSmallPieces, readEvents, recordedExchanges, serverEvents, type RecordedExchange } from './recorded-exchanges.js';

const exchanges = recordedExchanges('openai-responses');
const missing = `${exchanges ? '' : ' (skipped: set NEXUS_WIRE_FIXTURES to the folder that holds openai-responses.jsonl)'}${hasOpenAiSchemas ? '' : ' (not validated: OpenAI\'s schemas are not there)'}`;

describe.skipIf(!exchanges)(`recorded responses${missing}`, () => {
  const validate = openAiValidator();
  const named = (filter: (exchange: RecordedExchange) => boolean): [string, RecordedExchange][] => (exchanges ?? []).filter(filter).map((it) => [it.name, it]);
  const whole = named(({ status, body }) => status === 200 && body?.object === 'response');
  const streamed = named(({ events }) => events !== undefined);
  const asked = named(({ request, body }) => request !== null && body?.object !== 'response.compaction');

  const frameOf = (answer: ModelAnswer, tools: ModelRequest['tools'] = []): AnswerFrame => ({ id: answer.id ?? '', model: answer.model ?? '', createdAt: 1, request: { ...ANY_REQUEST, tools } });
  const answerOf = (json: unknown): ModelAnswer => {
    const read = openAiResponses.readAnswer(json);
    if (read.kind !== 'answer') throw new Error(`read as ${read.kind}`);
    return read.answer;
  };

  it('are enough to mean something', () => {
    expect(whole.length).toBeGreaterThan(50);
    expect(streamed.length).toBeGreaterThan(4);
    expect(asked.filter(([, exchange]) => onlyOpenAis(exchange) === undefined).length).toBeGreaterThan(30);
  });

  it.each(whole)('%s says the same when it was read and written, whole and as a stream', (_, exchange) => {
    const answer = told(answerOf(exchange.body));
    const frame = frameOf(answer);
    const written = openAiResponses.writeAnswer(answer, frame);
    validate('Response', written);
    expect(answerOf(written)).toEqual(answer);
    for (const events of [answerAsEvents(answer), inSmallPieces(answerAsEvents(answer))]) {
      const writer = openAiResponses.writer(frame);
      const sent = serverEvents(events.map((event) => writer.write(event)).join('') + writer.end());
      sent.forEach(({ event, json }, i) => {
        expect([event, json.sequence_number]).toEqual([json.type, i]);
        validate(eventSchemas[event ?? ''] ?? 'unknown event', json);
      });
      expect(grownAnswer(readEvents(openAiResponses.reader(), sent))).toEqual(answer);
      expect(sent.at(-1)?.json.response).toEqual(written);
    }
  });

  it.each(whole)('%s is read as OpenAI meant it, to the token', (_, { body }) => {
    const answer = answerOf(body);
    const { output, usage } = body as unknown as { output: { type: string; content?: { text: string }[]; call_id?: string; name?: string; arguments?: string }[]; usage: { input_tokens: number; output_tokens: number; total_tokens: number } | null };
    expect(answer.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []))).toEqual(output.flatMap(({ type, content }) => (type === 'message' ? (content ?? []).map(({ text }) => text) : [])));
    expect(answer.parts.filter((part) => part.kind === 'tool_call')).toEqual(output.filter(({ type }) => type === 'function_call').map((call) => ({ kind: 'tool_call', id: call.call_id, name: call.name, arguments: call.arguments })));
    expect(answer.usage && answer.usage.input + answer.usage.cacheRead + answer.usage.cacheWrite).toBe(usage?.input_tokens);
    expect(answer.usage?.output).toBe(usage?.output_tokens);
    expect(answer.usage && answer.usage.input + answer.usage.cacheRead + answer.usage.cacheWrite + answer.usage.output).toBe(usage?.total_tokens);
  });

  it.each(streamed)('%s streams what its last event says, and the same when it was written', (_, exchange) => {
    const reader = openAiResponses.reader();
    const events = readEvents(reader, exchange.events ?? []);
    const answer = grownAnswer(events);
    expect(reader.isDone).toBe(true);
    expect(signedAlike(answer)).toEqual(signedAlike(answerOf(exchange.events?.at(-1)?.json.response)));
    const writer = openAiResponses.writer(frameOf(answer));
    const sent = serverEvents(events.map((event) => writer.write(event)).join('') + writer.end());
    for (const { event, json } of sent) validate(eventSchemas[event ?? ''] ?? 'unknown event', json);
    expect(grownAnswer(readEvents(openAiResponses.reader(), sent))).toEqual(told(answer));
  });

  it.each(asked.filter(([, exchange]) => onlyOpenAis(exchange) === undefined))('%s asks the same when it was read and written', (_, exchange) => {
    const request = openAiResponses.readRequest(exchange.request);
    const written = openAiResponses.writeRequest(request);
    if (exchange.status === 200) validate('CreateResponse', written);
    expect(openAiResponses.readRequest(written)).toEqual(request);
  });

  it.each(asked.filter(([, exchange]) => onlyOpenAis(exchange) !== undefined))('%s asks for what only OpenAI has, and is refused', (_, exchange) => {
    expect(() => openAiResponses.readRequest(exchange.request)).toThrow(expect.objectContaining({ code: 'unsupported_value', status: 400, param: expect.stringMatching(onlyOpenAis(exchange) ?? '') as string }) as Error);
  });

  it.each(named(({ status }) => status !== 200))('%s is an error in OpenAI\'s own words', (_, { body }) => {
    expect(openAiResponses.readAnswer(body)).toEqual({ kind: 'error', body });
  });
});

const ANY_REQUEST: ModelRequest = { model: 'm', isStream: false, messages: [], tools: [], stop: [] };

/** What a response of ours can tell: no searches, and always the reasoning; and a response that is not at its end is none of ours. */
function told(answer: ModelAnswer): ModelAnswer {
  const { requests: _, ...usage } = answer.usage ?? { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined };
  return { ...answer, finishReason: answer.finishReason === 'other' ? 'stop' : answer.finishReason, usage: answer.usage && { ...usage, reasoning: usage.reasoning ?? 0 } };
}

/** OpenAI encrypts a thought anew each time it sends it. */
function signedAlike(answer: ModelAnswer): ModelAnswer {
  return { ...answer, parts: answer.parts.map((part) => (part.kind === 'reasoning' ? { ...part, signature: typeof part.signature } : part)) };
}

/** The place (a pattern) of the first thing that nobody but OpenAI can be asked for. */
function onlyOpenAis({ request }: RecordedExchange): string | undefined {
  const field = ['previous_response_id', 'moderation'].find((name) => (request?.[name] ?? null) !== null);
  if (field !== undefined) return `^${field}$`;
  if (request?.background === true) return '^background$';
  const json = JSON.stringify(request);
  if (json.includes('output_text.logprobs')) return '^include\\[0\\]$';
  if (/"type":\s?"(web_search|file_search|mcp)"/.test(json)) return '^tools\\[\\d+\\].type$';
  if (json.includes('"file_id"')) return '^input\\[\\d+\\]\\.(content|output)\\[\\d+\\]\\.file_id$';
  return /"(compaction|additional_tools)"/.test(json) ? '^input\\[\\d+\\]\\.type$' : undefined;
}
