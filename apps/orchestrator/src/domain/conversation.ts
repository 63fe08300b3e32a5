import { create } from '@bufbuild/protobuf';
import {
  ChatMessageSchema, PartSchema, Role,
  type AgentSnapshot, type ChatMessage, type IncomingRequest, type Part, type StoredRunEvent, type ToolResult,
} from '@nexus/contracts';
import { attachedPart } from './attached-part.js';
import { toolCallsIn } from './model-answer.js';
import { withoutReplaced } from './replaced-turns.js';

/** What a run adds to its thread, and what later runs of the thread are told of it. */
export interface Turn {
  /** Its place in the thread, from 1. */
  readonly threadSeq: number;
  readonly messages: readonly ChatMessage[];
  /** The message that it began with, and the earlier message that this one replaces; '' for none. */
  readonly messageId: string;
  readonly replaces: string;
  /** Of the events that it is a reading of, as stored. */
  readonly bytes: number;
}

/** The messages of a run itself: what the person said, then each step's answer followed by its results in the order of the calls. */
export function runMessages(request: IncomingRequest | undefined, events: readonly StoredRunEvent[]): readonly ChatMessage[] {
  const messages: ChatMessage[] = request === undefined ? [] : request.history.length > 0 ? [...request.history] : [userMessage(request)];
  let open: { readonly place: number; readonly results: Map<string, ToolResult>; readonly calls: readonly string[] } | undefined;
  for (const { event } of events) {
    if (event.case === 'modelAnswered' && event.value.message !== undefined) {
      messages.push(event.value.message);
      const calls = toolCallsIn(event.value.message).map((call) => call.id);
      open = { place: messages.length, calls, results: new Map(event.value.invalidCalls.map((result) => [result.callId, result])) };
    } else if (event.case === 'toolFinished' && event.value.executed?.result !== undefined) {
      open?.results.set(event.value.executed.result.callId, event.value.executed.result);
    } else continue;
    if (open !== undefined) messages.splice(open.place, messages.length, ...resultMessages(open.calls, open.results));
  }
  return messages;
}

function resultMessages(calls: readonly string[], results: ReadonlyMap<string, ToolResult>): readonly ChatMessage[] {
  return calls.flatMap((id) => {
    const value = results.get(id);
    return value === undefined ? [] : [message(Role.TOOL, { case: 'toolResult', value })];
  });
}

/** What a finished run leaves behind for the next ones. One that was not answered leaves only the question: half a tool exchange would be refused by providers. */
export function turnOf(run: { readonly threadSeq: number; readonly bytes: number; readonly messageId?: string }, request: IncomingRequest | undefined, events: readonly StoredRunEvent[], isAnswered: boolean): Turn {
  const messages = runMessages(request, isAnswered ? events : []);
  return { threadSeq: run.threadSeq, messages: messages.map(withoutThoughts), messageId: run.messageId ?? '', replaces: request?.editsMessageId ?? '', bytes: run.bytes };
}

/** Everything that a model call of a run is given. */
export function conversation(agent: AgentSnapshot, earlier: readonly Turn[], request: IncomingRequest | undefined, events: readonly StoredRunEvent[]): ChatMessage[] {
  const instructions = [agent.instructions, ...aboutThePerson(request)].filter((line) => line !== '').join('\n');
  return [...(instructions === '' ? [] : [message(Role.SYSTEM, { case: 'text', value: instructions })]), ...dialogue(agent, earlier, request, events)];
}

/** The same without the agent's instructions: what was said, in its thread before the run and in the run. */
export function dialogue(agent: AgentSnapshot, earlier: readonly Turn[], request: IncomingRequest | undefined, events: readonly StoredRunEvent[]): ChatMessage[] {
  const isHeldByClient = (request?.history.length ?? 0) > 0;
  return [...(isHeldByClient ? [] : newest(withoutReplaced(earlier, request?.editsMessageId ?? ''), agent.maxHistoryMessages)), ...runMessages(request, events)];
}

/**
 * The newest whole turns that hold at most `limit` messages: a tool's result never stands without its call. A turn that began with a
 * conversation (held by its client, or of a fork) may be of several questions: where it is too long, its newest ones.
 */
export function newest(turns: readonly Turn[], limit: number): readonly ChatMessage[] {
  let count = 0;
  let first = turns.length;
  while (first > 0 && count + (turns[first - 1]?.messages.length ?? 0) <= limit) count += turns[--first]?.messages.length ?? 0;
  const cut = turns[first - 1]?.messages ?? [];
  const begin = cut.findIndex(({ role }, place) => role === Role.USER && cut.length - place <= limit - count);
  return [...(begin < 0 ? [] : cut.slice(begin)), ...turns.slice(first).flatMap((turn) => turn.messages)];
}

/** What a person says with a message, and what is attached to it. */
export function userMessage(request: IncomingRequest): ChatMessage {
  const attached = request.attachments.map(attachedPart);
  const isSilent = request.text === '' && attached.length > 0; // providers refuse a text without characters
  return message(Role.USER, ...(isSilent ? [] : [{ case: 'text', value: request.text } as const]), ...attached);
}

function aboutThePerson(request: IncomingRequest | undefined): readonly string[] {
  return [
    ...(request?.timezone ? [`The person's time zone is ${request.timezone}.`] : []),
    ...(request?.locale ? [`The person's locale is ${request.locale}.`] : []),
  ];
}

function withoutThoughts(chat: ChatMessage): ChatMessage {
  if (!chat.parts.some((part) => part.kind.case === 'reasoning')) return chat;
  return create(ChatMessageSchema, { role: chat.role, parts: chat.parts.filter((part) => part.kind.case !== 'reasoning') });
}

function message(role: Role, ...kinds: readonly Part['kind'][]): ChatMessage {
  return create(ChatMessageSchema, { role, parts: kinds.map((kind) => create(PartSchema, { kind })) });
}
