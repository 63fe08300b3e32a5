import type { FinishedReply } from '../domain/finish-reply.js';
import { splitText } from '../domain/split-text.js';

/** Tells in every answer what made it, and that its token counts are approximate. */
const SYSTEM_FINGERPRINT = 'nexus-demo-model;fixed-rules;approximate-token-counts';

/** What an answer carries beside its content. */
export interface CompletionHead {
  readonly id: string;
  /** Seconds since the Unix epoch. */
  readonly created: number;
  /** The model as it was asked for. */
  readonly model: string;
  /** One id for each tool call of the reply. */
  readonly callIds: readonly string[];
}

/** The body of a `chat.completion`. */
export function completionJson(head: CompletionHead, reply: FinishedReply): object {
  const calls = toolCalls(head, reply);
  const message = { role: 'assistant', content: reply.text ?? null, refusal: null, annotations: [], ...(calls.length > 0 ? { tool_calls: calls } : {}) };
  return {
    ...envelope(head, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: reply.finishReason }],
    usage: usage(reply),
  };
}

/** The `chat.completion.chunk`s of a streamed answer: the content in `pieces` pieces, the end, and the usage when it is asked for. */
export function completionChunks(head: CompletionHead, reply: FinishedReply, pieces: number | undefined, includeUsage: boolean): object[] {
  const chunk = (choices: object[], told: object | null = null): object => ({ ...envelope(head, 'chat.completion.chunk'), choices, ...(includeUsage ? { usage: told } : {}) });
  const delta = (value: object, finish: string | null = null): object => chunk([{ index: 0, delta: value, logprobs: null, finish_reason: finish }]);
  const calls = toolCalls(head, reply).flatMap((call, index) => [
    delta({ tool_calls: [{ index, ...call, function: { ...call.function, arguments: '' } }] }),
    delta({ tool_calls: [{ index, function: { arguments: call.function.arguments } }] }),
  ]);
  const [first, ...rest] = reply.text === undefined ? [] : splitText(reply.text, pieces);
  return [
    delta({ role: 'assistant', content: reply.text === undefined ? null : (first ?? ''), refusal: null }),
    ...rest.map((content) => delta({ content })),
    ...calls,
    delta({}, reply.finishReason),
    ...(includeUsage ? [chunk([], usage(reply))] : []),
  ];
}

function envelope({ id, created, model }: CompletionHead, object: string): object {
  return { id, object, created, model, service_tier: 'default', system_fingerprint: SYSTEM_FINGERPRINT };
}

function toolCalls({ callIds }: CompletionHead, { calls }: FinishedReply): { id: string; type: 'function'; function: { name: string; arguments: string } }[] {
  return calls.map((call, i) => ({ id: callIds[i] ?? '', type: 'function', function: { name: call.name, arguments: JSON.stringify(call.arguments) } }));
}

function usage({ promptTokens, completionTokens }: FinishedReply): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  };
}
