import type { HttpRequest } from '../call-request.js';
import type { ProviderKind } from '../../domain/provider-config.js';

/** How the providers of one kind answer, as their documentation shows it. */
export interface WireSample {
  readonly kind: ProviderKind;
  readonly endpoint: Exclude<HttpRequest['endpoint'], 'embeddings'>;
  readonly request: Readonly<Record<string, unknown>>;
  /** A whole answer that says `hello`: 10 tokens in, 5 out. */
  readonly whole: Readonly<Record<string, unknown>>;
  /** The same as a stream: what opens it, what is said, what ends it. */
  readonly opening: readonly string[];
  readonly pieces: readonly string[];
  readonly ending: readonly string[];
  readonly overloaded: { readonly status: number; readonly body: Readonly<Record<string, unknown>> };
  /** An error in the midst of a stream. */
  readonly spoken: string;
}

const named = (event: string, json: Record<string, unknown>): string => `event: ${event}\ndata: ${JSON.stringify({ type: event, ...json })}\n\n`;
const plain = (json: unknown): string => `data: ${JSON.stringify(json)}\n\n`;
const chunk = (delta: unknown, finish: string | null = null): string => plain({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm-2026', choices: [{ index: 0, delta, finish_reason: finish }] });
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm-2026' };
const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'm-2026', error: null, incomplete_details: null };
const item = { id: 'item_1', type: 'message', role: 'assistant' };
const said = { type: 'output_text', text: 'hello', annotations: [] };
const responseUsage = { input_tokens: 10, input_tokens_details: { cached_tokens: 0 }, output_tokens: 5, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 15 };
const candidate = (text: string, more: object = {}): unknown => ({ candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...more }], modelVersion: 'm-2026', responseId: 'g1' });
const geminiUsage = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 };
const geminiError = (code: number, status: string, words: string): Record<string, unknown> => ({ error: { code, message: words, status } });

const chat: WireSample = {
  kind: 'openai',
  endpoint: 'chat',
  request: { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  whole: {
    id: 'c1', object: 'chat.completion', created: 1, model: 'm-2026', choices: [{ index: 0, message: { role: 'assistant', content: 'hello', refusal: null }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  },
  opening: [chunk({ role: 'assistant', content: '' })],
  pieces: [chunk({ content: 'hel' }), chunk({ content: 'lo' })],
  ending: [chunk({}, 'stop'), plain({ id: 'c1', model: 'm-2026', choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }), 'data: [DONE]\n\n'],
  overloaded: { status: 503, body: { error: { message: 'overloaded', type: 'server_error', param: null, code: null } } },
  spoken: plain({ error: { message: 'overloaded', type: 'overloaded_error' } }),
};

const messages: WireSample = {
  kind: 'anthropic',
  endpoint: 'messages',
  request: { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] },
  whole: { ...message, content: [{ type: 'text', text: 'hello' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 10, output_tokens: 5 } },
  opening: [named('message_start', { message: { ...message, content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 10, output_tokens: 1 } } }), named('ping', {})],
  pieces: [
    named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'hel' } }),
    named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'lo' } }),
    named('content_block_stop', { index: 0 }),
  ],
  ending: [named('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } }), named('message_stop', {})],
  overloaded: { status: 529, body: { type: 'error', error: { type: 'overloaded_error', message: 'overloaded' } } },
  spoken: named('error', { error: { type: 'overloaded_error', message: 'overloaded' } }),
};

const responses: WireSample = {
  kind: 'responses',
  endpoint: 'responses',
  request: { model: 'm', input: 'hi' },
  whole: { ...response, status: 'completed', output: [{ ...item, status: 'completed', content: [said] }], usage: responseUsage },
  opening: [
    named('response.created', { sequence_number: 0, response: { ...response, status: 'in_progress', output: [], usage: null } }),
    named('response.output_item.added', { sequence_number: 1, output_index: 0, item: { ...item, status: 'in_progress', content: [] } }),
  ],
  pieces: [
    named('response.content_part.added', { sequence_number: 2, output_index: 0, content_index: 0, item_id: 'item_1', part: { ...said, text: '' } }),
    named('response.output_text.delta', { sequence_number: 3, output_index: 0, content_index: 0, item_id: 'item_1', delta: 'hel' }),
    named('response.output_text.delta', { sequence_number: 4, output_index: 0, content_index: 0, item_id: 'item_1', delta: 'lo' }),
    named('response.output_text.done', { sequence_number: 5, output_index: 0, content_index: 0, item_id: 'item_1', text: 'hello' }),
    named('response.output_item.done', { sequence_number: 6, output_index: 0, item: { ...item, status: 'completed', content: [said] } }),
  ],
  ending: [named('response.completed', { sequence_number: 7, response: { ...response, status: 'completed', output: [{ ...item, status: 'completed', content: [said] }], usage: responseUsage } })],
  overloaded: { status: 503, body: { error: { message: 'overloaded', type: 'server_error', param: null, code: null } } },
  spoken: named('response.failed', { sequence_number: 9, response: { ...response, status: 'failed', output: [], usage: null, error: { code: 'server_is_overloaded', message: 'overloaded' } } }),
};

const gemini: WireSample = {
  kind: 'gemini',
  endpoint: 'gemini',
  request: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  whole: { ...(candidate('hello', { finishReason: 'STOP' }) as object), usageMetadata: geminiUsage },
  opening: [plain({ modelVersion: 'm-2026', responseId: 'g1', usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 } })],
  pieces: [plain(candidate('hel')), plain(candidate('lo'))],
  ending: [plain({ ...(candidate('', { finishReason: 'STOP' }) as object), usageMetadata: geminiUsage })],
  overloaded: { status: 503, body: geminiError(503, 'UNAVAILABLE', 'overloaded') },
  spoken: plain(geminiError(503, 'UNAVAILABLE', 'overloaded')),
};

export const wireSamples: readonly WireSample[] = [chat, messages, responses, gemini];
