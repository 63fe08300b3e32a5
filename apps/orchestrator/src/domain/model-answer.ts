import type { ChatMessage, ModelAnswered, ToolCall } from '@nexus/contracts';

/** Every tool call of a message, those that cannot be made too. */
export function toolCallsIn(message: ChatMessage | undefined): readonly ToolCall[] {
  return (message?.parts ?? []).flatMap((part) => (part.kind.case === 'toolCall' ? [part.kind.value] : []));
}

/** The calls to make: a call's place in this list is part of its execution id. */
export function callsToMake(answered: ModelAnswered): readonly ToolCall[] {
  const refused = new Set(answered.invalidCalls.map((result) => result.callId));
  return toolCallsIn(answered.message).filter((call) => !refused.has(call.id));
}

/** What a message says, without what its author thought; what a model would not do, it says too. */
export function textOf(message: ChatMessage | undefined): string {
  return (message?.parts ?? []).map(({ kind }) => (kind.case === 'text' || kind.case === 'refusal' ? kind.value : '')).join('');
}
