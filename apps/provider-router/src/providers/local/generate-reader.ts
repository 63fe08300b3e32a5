import { FinishReason as Wire, type GenerateResponse, type GenerateUsage, type ToolCallDelta } from '@nexus/contracts';
import { assertExhaustive } from '@nexus/core';
import type { AnswerEvent, FinishReason, ToldUsage } from '@nexus/wires';

/** Reads the stream of one answer of a local model: each of its messages is at most one event. */
export class GenerateReader {
  private next = 0;
  /** The part that further text belongs to. */
  private open: { readonly kind: 'text' | 'reasoning'; readonly index: number } | undefined;
  private readonly calls = new Map<number, number>();

  /** Undefined for what says nothing to us. */
  read({ kind }: GenerateResponse): AnswerEvent | undefined {
    switch (kind.case) {
      case 'start':
        return { kind: 'start', id: kind.value.id || undefined, model: kind.value.model || undefined };
      case 'text':
      case 'reasoning':
        return kind.value === '' ? undefined : { kind: kind.case, index: this.indexOf(kind.case), text: kind.value };
      case 'toolCall':
        return this.callEvent(kind.value);
      case 'usage':
        return { kind: 'usage', usage: usageOf(kind.value) };
      case 'finish':
        return { kind: 'finish', reason: reasonOf(kind.value.reason), ...(kind.value.stopSequence !== '' && { stopSequence: kind.value.stopSequence }) };
      case undefined:
        return undefined;
      default:
        return assertExhaustive(kind);
    }
  }

  private indexOf(kind: 'text' | 'reasoning'): number {
    if (this.open?.kind !== kind) this.open = { kind, index: this.next++ };
    return this.open.index;
  }

  private callEvent({ index: place, id, name, arguments: args }: ToolCallDelta): AnswerEvent {
    this.open = undefined;
    const index = this.calls.get(place) ?? this.next++;
    this.calls.set(place, index);
    return { kind: 'tool_call', index, id, name, arguments: args };
  }
}

function usageOf({ input, cached, output, reasoning }: GenerateUsage): ToldUsage {
  const cacheRead = Math.min(Number(input), Number(cached));
  return { input: Number(input) - cacheRead, output: Number(output), cacheRead, cacheWrite: 0, reasoning: reasoning === undefined ? undefined : Math.min(Number(reasoning), Number(output)) };
}

function reasonOf(reason: Wire): FinishReason {
  switch (reason) {
    case Wire.STOP:
      return 'stop';
    case Wire.LENGTH:
      return 'length';
    case Wire.TOOL_CALLS:
      return 'tool_calls';
    case Wire.CONTENT_FILTER:
      return 'content_filter';
    case Wire.OTHER:
    case Wire.UNSPECIFIED:
      return 'other';
    default:
      return assertExhaustive(reason);
  }
}
