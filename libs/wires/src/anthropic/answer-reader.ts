import type { AnswerEvent } from '../hub/answer-event.js';
import type { AnswerReader, ServerEvent } from '../hub/wire.js';
import { argumentsOf } from './call-input.js';
import { finishReasonOf } from './finish-reason.js';
import { objectOf, stringOf, type JsonObject } from '../hub/json-object.js';
import { refusalIn } from './read-answer.js';
import { readUsage } from './read-usage.js';
import { keptSignature } from './signature.js';

/** A block that has begun and has not stopped. */
interface OpenBlock {
  readonly kind: 'text' | 'reasoning' | 'tool_call';
  /** Of the part; a text or a thought gets it with its first piece, for an empty one is none. */
  index: number | undefined;
  /** What the call had from the beginning, which counts when nothing follows. */
  input: unknown;
}

/** Reads the events of a stream of Messages. Blocks of the provider's own tools, citations and pings say nothing. */
export class AnthropicAnswerReader implements AnswerReader {
  isDone = false;
  private next = 0;
  private readonly blocks = new Map<unknown, OpenBlock>();
  private usage: JsonObject = {};

  read({ json }: ServerEvent): readonly AnswerEvent[] {
    switch (json['type']) {
      case 'message_start':
        return this.begin(objectOf(json['message']));
      case 'content_block_start':
        return this.open(json['index'], objectOf(json['content_block']));
      case 'content_block_delta':
        return this.grow(this.blocks.get(json['index']), objectOf(json['delta']));
      case 'content_block_stop':
        return this.close(json['index']);
      case 'message_delta':
        return [...this.count(json['usage']), ...this.finish(objectOf(json['delta']))];
      case 'message_stop':
        this.isDone = true;
        return [];
      case 'error':
        return [{ kind: 'error', body: json }];
      default:
        return [];
    }
  }

  private begin({ id, model, usage }: JsonObject): AnswerEvent[] {
    return [{ kind: 'start', id: typeof id === 'string' ? id : undefined, model: typeof model === 'string' ? model : undefined }, ...this.count(usage)];
  }

  /** Each account replaces those before it, field by field: the last one lacks what has not changed. */
  private count(usage: unknown): AnswerEvent[] {
    const told = Object.entries(objectOf(usage)).filter(([, value]) => value !== null);
    if (told.length === 0) return [];
    this.usage = { ...this.usage, ...Object.fromEntries(told) };
    const read = readUsage(this.usage);
    return read ? [{ kind: 'usage', usage: read }] : [];
  }

  private finish({ stop_reason: stopReason, stop_sequence: stopSequence, stop_details: stopDetails }: JsonObject): AnswerEvent[] {
    if (typeof stopReason !== 'string') return [];
    const refusals = refusalIn(stopDetails).map((refusal): AnswerEvent => ({ ...refusal, index: this.next++ }));
    return [...refusals, { kind: 'finish', reason: finishReasonOf(stopReason), ...(typeof stopSequence === 'string' && { stopSequence }) }];
  }

  private open(at: unknown, block: JsonObject): AnswerEvent[] {
    switch (block['type']) {
      case 'text':
        return this.grow(this.begun(at, 'text'), { type: 'text_delta', text: block['text'] });
      case 'thinking': {
        const begun = this.begun(at, 'reasoning');
        return [...this.grow(begun, { type: 'thinking_delta', thinking: block['thinking'] }), ...this.grow(begun, { type: 'signature_delta', signature: block['signature'] })];
      }
      case 'redacted_thinking': {
        const signature = keptSignature(block['data']);
        return signature === undefined ? [] : [{ kind: 'reasoning', index: this.next++, text: '', signature, isRedacted: true }];
      }
      case 'tool_use': {
        const index = this.next++;
        this.blocks.set(at, { kind: 'tool_call', index, input: block['input'] });
        return [{ kind: 'tool_call', index, id: stringOf(block['id']), name: stringOf(block['name']), arguments: '' }];
      }
      default:
        return [];
    }
  }

  private begun(at: unknown, kind: 'text' | 'reasoning'): OpenBlock {
    const block: OpenBlock = { kind, index: undefined, input: undefined };
    this.blocks.set(at, block);
    return block;
  }

  private grow(block: OpenBlock | undefined, delta: JsonObject): AnswerEvent[] {
    if (!block) return [];
    switch (delta['type']) {
      case 'text_delta': {
        const text = stringOf(delta['text']);
        return text === '' || block.kind !== 'text' ? [] : [{ kind: 'text', index: this.indexOf(block), text }];
      }
      case 'thinking_delta': {
        const text = stringOf(delta['thinking']);
        return text === '' || block.kind !== 'reasoning' ? [] : [{ kind: 'reasoning', index: this.indexOf(block), text }];
      }
      case 'signature_delta': {
        const signature = keptSignature(delta['signature']);
        return signature === undefined || block.kind !== 'reasoning' ? [] : [{ kind: 'reasoning', index: this.indexOf(block), text: '', signature }];
      }
      case 'input_json_delta': {
        const piece = stringOf(delta['partial_json']);
        if (piece === '' || block.kind !== 'tool_call') return [];
        block.input = undefined;
        return [{ kind: 'tool_call', index: this.indexOf(block), id: '', name: '', arguments: piece }];
      }
      default:
        return [];
    }
  }

  private close(at: unknown): AnswerEvent[] {
    const block = this.blocks.get(at);
    this.blocks.delete(at);
    const whole = argumentsOf(block?.input);
    return block?.index === undefined || whole === '' ? [] : [{ kind: 'tool_call', index: block.index, id: '', name: '', arguments: whole }];
  }

  private indexOf(block: OpenBlock): number {
    block.index ??= this.next++;
    return block.index;
  }
}
