import { create, toBinary } from '@bufbuild/protobuf';
import { ChatMessageSchema, ConversationSchema, Role, type ChatMessage } from '@nexus/contracts';
import { askedByRun, isObject, withBody, type AskedCall } from '../asked-call.js';

/** A request with less of its history. */
export interface Shortened {
  readonly asked: AskedCall;
  readonly droppedTurns: number;
}

interface Turns<M> {
  /** What was said before the first turn, and instructions wherever they stand. */
  readonly kept: ReadonlySet<M>;
  /** Each begins with something that a user said; the oldest first. */
  readonly turns: readonly (readonly M[])[];
}

/**
 * Leaves out the oldest turns, whole, until the request is smaller by this many bytes: a question goes with its answer, and a tool's call
 * with its result. Instructions and the last turn stay. Undefined when that is not enough.
 */
export function dropOldestTurns(asked: AskedCall, bytes: number): Shortened | undefined {
  return asked.client ? fromBody(asked, bytes) : fromConversation(asked, bytes);
}

function fromBody(asked: AskedCall & { readonly client: object }, bytes: number): Shortened | undefined {
  const { body } = asked.client;
  const field = Array.isArray(body['messages']) ? 'messages' : 'input';
  const messages = body[field];
  if (!Array.isArray(messages)) return undefined;
  const rest = drop(messages as unknown[], { begins, isKept, sizeOf: (message) => Buffer.byteLength(JSON.stringify(message)) + 1 }, bytes);
  return rest && { asked: withBody(asked, { ...body, [field]: rest.messages }), droppedTurns: rest.dropped };
}

function fromConversation(asked: AskedCall & { readonly client?: undefined }, bytes: number): Shortened | undefined {
  const { conversation, model, isStream } = asked;
  const rest = drop(conversation.messages, {
    begins: ({ role }) => role === Role.USER,
    isKept: ({ role }) => role === Role.SYSTEM,
    sizeOf: (message: ChatMessage) => toBinary(ChatMessageSchema, message).length,
  }, bytes);
  return rest && { asked: askedByRun(create(ConversationSchema, { ...conversation, messages: [...rest.messages] }), model, isStream), droppedTurns: rest.dropped };
}

interface Reading<M> {
  readonly begins: (message: M) => boolean;
  readonly isKept: (message: M) => boolean;
  readonly sizeOf: (message: M) => number;
}

function drop<M>(messages: readonly M[], reading: Reading<M>, bytes: number): { readonly messages: readonly M[]; readonly dropped: number } | undefined {
  const { kept, turns } = turnsOf(messages, reading);
  let left = bytes;
  let dropped = 0;
  const gone = new Set<M>();
  for (const turn of turns.slice(0, -1)) {
    if (left <= 0) break;
    for (const message of turn) {
      if (kept.has(message)) continue;
      gone.add(message);
      left -= reading.sizeOf(message);
    }
    dropped++;
  }
  return left > 0 || dropped === 0 ? undefined : { messages: messages.filter((message) => !gone.has(message)), dropped };
}

function turnsOf<M>(messages: readonly M[], { begins, isKept }: Reading<M>): Turns<M> {
  const kept = new Set<M>();
  const turns: M[][] = [];
  for (const message of messages) {
    if (begins(message)) turns.push([message]);
    else if (turns.length === 0) kept.add(message);
    else turns.at(-1)?.push(message);
    if (isKept(message)) kept.add(message);
  }
  return { kept, turns };
}

/** True for a user's own words; what a tool answered stands in a message of the user too in one of the wires. */
function begins(message: unknown): boolean {
  if (!isObject(message) || message['role'] !== 'user') return false;
  const content = message['content'];
  return !Array.isArray(content) || !(content as unknown[]).some((part) => isObject(part) && part['type'] === 'tool_result');
}

function isKept(message: unknown): boolean {
  return isObject(message) && (message['role'] === 'system' || message['role'] === 'developer');
}
