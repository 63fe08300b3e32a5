import type { ChatRequest, PlannedCall, Reply } from './chat.js';
import { countTokens, firstTokens } from './count-tokens.js';

/** What limits an answer, and in which shape it is wanted. */
export interface AnswerLimits {
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  /** True when the answer has to be a JSON object. */
  readonly isJson: boolean;
}

/** An answer as it is sent, with its tokens counted (approximately). */
export interface FinishedReply {
  readonly text: string | undefined;
  readonly calls: readonly PlannedCall[];
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** What each message costs beside its text. */
const TOKENS_PER_MESSAGE = 3;

/** Cuts a reply to what the request allows and counts its tokens. Tool calls that are too long are left out whole: half a call is none. */
export function finishReply(reply: Reply, request: ChatRequest, limits: AnswerLimits): FinishedReply {
  const promptTokens = countPrompt(request);
  const limit = limits.maxTokens ?? Number.POSITIVE_INFINITY;
  if (reply.kind === 'tools') {
    const completionTokens = countTokens(reply.calls.map((call) => call.name + JSON.stringify(call.arguments)).join(' '));
    if (completionTokens > limit) return { text: '', calls: [], finishReason: 'length', promptTokens, completionTokens: 0 };
    return { text: undefined, calls: reply.calls, finishReason: 'tool_calls', promptTokens, completionTokens };
  }
  const whole = cutAtStop(limits.isJson ? JSON.stringify({ answer: reply.text }) : reply.text, limits.stop);
  const text = firstTokens(whole, limit);
  return { text, calls: [], finishReason: text === whole ? 'stop' : 'length', promptTokens, completionTokens: countTokens(text) };
}

function countPrompt({ messages, tools }: ChatRequest): number {
  const said = messages.reduce((sum, message) => sum + TOKENS_PER_MESSAGE + countTokens(message.text) + countTokens(message.toolCalls.map((call) => call.name + call.arguments).join(' ')), 0);
  return said + (tools.length > 0 ? countTokens(JSON.stringify(tools)) : 0);
}

function cutAtStop(text: string, stop: readonly string[]): string {
  const ends = stop.map((word) => (word === '' ? -1 : text.indexOf(word))).filter((at) => at >= 0);
  return ends.length > 0 ? text.slice(0, Math.min(...ends)) : text;
}
