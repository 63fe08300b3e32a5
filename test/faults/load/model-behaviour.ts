import type { FakeReply, FakeRequest } from '@nexus/testing';
import { modelNames, price, type ModelName } from './model-names.js';

/** A model call that the provider really got. */
export interface ProviderCall {
  readonly attemptId: string;
  readonly model: ModelName;
  /** Of the question, as it stands in the conversation. */
  readonly number: number;
  readonly at: number;
  /** Refused with a status, so that nothing is charged. */
  readonly isRefused: boolean;
  /** The provider breaks off in the midst of its answer: the caller can only estimate what it costs. */
  readonly isCut: boolean;
  readonly input: number;
  readonly output: number;
}

/** What the provider charges for a call, in micro-USD. */
export function chargeOf({ isRefused, input, output }: Pick<ProviderCall, 'isRefused' | 'input' | 'output'>): number {
  return isRefused ? 0 : Math.round((input * price.input + output * price.output) / 1_000_000);
}

/** The answer of the n-th call to question `number`: no two calls say the same, so that a mix of two can be seen. */
const answerText = (number: number, call: number): string => `Answer #${number} said in call ${call} and nothing else`;

/** The question that an answer belongs to. */
export const answeredNumber = (text: string): number | undefined => numberIn(text, /^Answer #(\d+) said in call \d+ and nothing else$/);

/** The text of a question. */
export const questionText = (number: number): string => `Question #${number}: what is it?`;

function numberIn(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Behaves as the model's name says, and remembers every call. */
export class ModelBehaviour {
  readonly calls: ProviderCall[] = [];
  private readonly triesOf = new Map<string, number>();
  private readonly onCall: () => void;

  constructor(onCall: () => void) {
    this.onCall = onCall;
  }

  reply = ({ headers, body }: FakeRequest): FakeReply => {
    const model = modelNames.find((name) => name === body.model) ?? 'quick';
    const asked = body.messages.findLast(({ role }) => role === 'user')?.content;
    const number = numberIn(typeof asked === 'string' ? asked : JSON.stringify(asked), /Question #(\d+)/) ?? 0;
    const key = `${number}`;
    const tries = (this.triesOf.get(key) ?? 0) + 1;
    this.triesOf.set(key, tries);
    const usage = { prompt_tokens: 20 + (number % 50), completion_tokens: 10 + (number % 20) };
    const isRefused = (tries === 1 && (model === 'limited' || model === 'failing')) || model === 'error-body';
    this.calls.push({
      attemptId: String(headers['x-client-request-id'] ?? ''), model, number, at: Date.now(), isRefused, isCut: model === 'half-closed',
      input: usage.prompt_tokens, output: usage.completion_tokens,
    });
    this.onCall();
    return replyOf(model, { number, tries, call: this.calls.length, hasToolResult: body.messages.at(-1)?.role === 'tool', usage });
  };
}

interface Asked {
  readonly number: number;
  readonly tries: number;
  readonly call: number;
  readonly hasToolResult: boolean;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

function replyOf(model: ModelName, { number, tries, call, hasToolResult, usage }: Asked): FakeReply {
  const answer: FakeReply = { text: answerText(number, call), usage, delayMs: 5 + (call % 30) };
  switch (model) {
    case 'quick':
      return answer;
    case 'slow':
      return { ...answer, delayMs: 300 + (call % 10) * 150 };
    case 'counting':
    case 'looking':
      return hasToolResult ? answer : { ...answer, text: '', toolCalls: [{ id: `call_${call}`, name: model === 'counting' ? 'count_once' : 'look_up', arguments: { number } }] };
    case 'trickling':
      return { ...answer, chunkDelayMs: 150 };
    case 'limited':
      return tries > 1 ? answer : { status: 429, headers: { 'retry-after-ms': '200' }, text: 'Too many requests.' };
    case 'failing':
      return tries > 1 ? answer : { status: 500, text: 'Something went wrong.' };
    case 'garbage':
      return { ...answer, body: '<html>this is no answer' };
    case 'half-closed':
      return { ...answer, cutAfterChunks: 4 };
    case 'hanging':
      return { ...answer, hang: 'after-headers' };
    case 'error-body':
      return { status: 200, usage: { prompt_tokens: 0, completion_tokens: 0 }, body: { error: { message: 'The model is overloaded.', type: 'overloaded_error', code: 'overloaded' } } };
  }
}
