import { Wire } from '@nexus/contracts';
import { isObject, type AskedByClient, type AskedCall, type Body } from '../asked-call.js';
import { isRepeatable } from './is-repeatable.js';
import type { RequestTraits } from './request-traits.js';

/** A request of which one part, the question, may be said in other words. */
export interface ComparableQuestion {
  readonly question: string;
  /** All else, and what must be the same in the question: its numbers. */
  readonly scope: string;
}

/** How an answer is sent, which does not change what it says. */
const NOT_ASKED_FOR: ReadonlySet<string> = new Set(['stream', 'stream_options']);
const LONGEST_QUESTION = 4_000;

/** Splits a request that ends with something that a user says, and is text and nothing else: no tools, pictures or files. Undefined for all others. */
export function comparableQuestion(asked: AskedCall, traits: RequestTraits): ComparableQuestion | undefined {
  if (!asked.client || asked.client.wire === Wire.OPENAI_EMBEDDINGS || !isRepeatable(asked)) return undefined;
  if (traits.hasTools || traits.hasImages || traits.hasFiles || traits.hasAudio || traits.question === '' || traits.question.length > LONGEST_QUESTION) return undefined;
  const before = withoutQuestion(asked);
  if (before === undefined) return undefined;
  const numbers = traits.question.match(/\d+(?:[.,]\d+)*/g) ?? [];
  return { question: traits.question, scope: JSON.stringify([asked.model, asked.client.wire, asked.client.headers, before, numbers]) };
}

function withoutQuestion({ client: { body } }: AskedByClient): unknown {
  const field = 'messages' in body ? 'messages' : 'input';
  const messages = body[field];
  const others = Object.entries(body).filter(([name]) => name !== field && !NOT_ASKED_FOR.has(name));
  if (typeof messages === 'string') return [others, []];
  if (!Array.isArray(messages)) return undefined;
  const last: unknown = messages.at(-1);
  return isObject(last) && last['role'] === 'user' && isOneText(last) ? [others, messages.slice(0, -1)] : undefined;
}

function isOneText({ content }: Body): boolean {
  return typeof content === 'string' || (Array.isArray(content) && content.length === 1);
}
