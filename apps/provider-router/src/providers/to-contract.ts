import { create } from '@bufbuild/protobuf';
import { ChatMessageSchema, FinishReason as Wire, PartSchema, Role, TokenPriceSchema, TokenUsageSchema, ToolCallSchema, type ChatMessage, type Part, type TokenPrice as WirePrice, type TokenUsage } from '@nexus/contracts';
import { assertExhaustive, type TokenPrice } from '@nexus/core';
import type { FinishReason, ModelAnswer, ModelPart } from '@nexus/wires';
import type { Usage } from './provider-outcome.js';

/** A model's message in the form that runs are stored in; what no answer has is left out. */
export function toChatMessage({ parts }: Pick<ModelAnswer, 'parts'>): ChatMessage {
  return create(ChatMessageSchema, { role: Role.ASSISTANT, parts: parts.flatMap(toPart) });
}

function toPart(part: ModelPart): Part[] {
  switch (part.kind) {
    case 'text': return part.text === '' && part.signature === undefined ? [] : [create(PartSchema, { kind: { case: 'text', value: part.text }, signature: part.signature ?? '' })];
    case 'reasoning': return [create(PartSchema, { kind: { case: 'reasoning', value: part.isRedacted ? '' : part.text }, signature: part.signature ?? '' })];
    case 'refusal': return [create(PartSchema, { kind: { case: 'refusal', value: part.text } })];
    case 'tool_call': {
      const { id, name, arguments: text, signature = '' } = part;
      return [create(PartSchema, { kind: { case: 'toolCall', value: create(ToolCallSchema, { id, name, arguments: text }) }, signature })];
    }
    default: return [];
  }
}

export function toWireUsage(usage: Usage): TokenUsage {
  const { input, output, cacheRead, cacheWrite, cacheWrite1h = 0, reasoning = 0, audioInput = 0, audioOutput = 0, images = 0, requests = 0, estimated } = usage;
  return create(TokenUsageSchema, {
    input: BigInt(input), output: BigInt(output), cacheRead: BigInt(cacheRead), cacheWrite: BigInt(cacheWrite), cacheWrite1h: BigInt(cacheWrite1h), reasoning: BigInt(reasoning),
    audioInput: BigInt(audioInput), audioOutput: BigInt(audioOutput), images: BigInt(images), requests: BigInt(requests), estimated,
  });
}

/** Prices that are left out are those that they stand for; only that of reasoning may be left out on the wire too. */
export function toWirePrice(price: TokenPrice): WirePrice {
  const { input, output, cacheRead, cacheWrite, cacheWrite1h = cacheWrite, audioInput = input, audioOutput = output, reasoning, image = 0, request = 0, version = '' } = price;
  return create(TokenPriceSchema, {
    input: BigInt(input), output: BigInt(output), cacheRead: BigInt(cacheRead), cacheWrite: BigInt(cacheWrite), cacheWrite1h: BigInt(cacheWrite1h), audioInput: BigInt(audioInput),
    audioOutput: BigInt(audioOutput), image: BigInt(image), request: BigInt(request), version, ...(reasoning !== undefined && { reasoning: BigInt(reasoning) }),
  });
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
