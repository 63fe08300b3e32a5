import { create } from '@bufbuild/protobuf';
import { ChatMessageSchema, FinishReason as Wire, PartSchema, Role, TokenPriceSchema, TokenUsageSchema, ToolCallSchema, type ChatMessage, type Part, type TokenUsage } from '@nexus/contracts';
import { assertExhaustive, type TokenPrice } from '@nexus/core';
import type { AssistantMessage, FinishReason, Usage } from './provider-outcome.js';

/** A model's message in the form that runs are stored in. */
export function toChatMessage(message: AssistantMessage): ChatMessage {
  const parts: Part[] = [];
  const add = (kind: Part['kind']): number => parts.push(create(PartSchema, { kind }));
  if (message.reasoning) add({ case: 'reasoning', value: message.reasoning });
  const text = message.text || message.refusal || '';
  if (text) add({ case: 'text', value: text });
  for (const call of message.toolCalls) add({ case: 'toolCall', value: create(ToolCallSchema, { id: call.id, name: call.name, arguments: call.arguments }) });
  return create(ChatMessageSchema, { role: Role.ASSISTANT, parts });
}

export function toWireUsage(usage: Usage): TokenUsage {
  return create(TokenUsageSchema, {
    input: BigInt(usage.input), output: BigInt(usage.output), cacheRead: BigInt(usage.cacheRead), cacheWrite: BigInt(usage.cacheWrite),
    reasoning: BigInt(usage.reasoning ?? 0), estimated: usage.estimated,
  });
}

export function toWirePrice(price: TokenPrice) {
  return create(TokenPriceSchema, { input: BigInt(price.input), output: BigInt(price.output), cacheRead: BigInt(price.cacheRead), cacheWrite: BigInt(price.cacheWrite) });
}

export function toWireFinish(reason: FinishReason): Wire {
  switch (reason) {
    case 'stop': return Wire.STOP;
    case 'length': return Wire.LENGTH;
    case 'tool_calls': return Wire.TOOL_CALLS;
    case 'content_filter': return Wire.CONTENT_FILTER;
    case 'error':
    case 'other': return Wire.OTHER;
    default: return assertExhaustive(reason);
  }
}
