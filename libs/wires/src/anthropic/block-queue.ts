import type { AnswerEvent } from '../hub/answer-event.js';
import { serverEventText } from '../hub/server-event-text.js';
import { callBlock, textBlock } from './answer-block.js';
import { isWholeObject } from './call-input.js';
import { writeCallSignature } from './call-signature.js';
import type { ShownThoughts } from './shown-thoughts.js';
import { shownSignature } from './signature.js';

type PieceEvent = Extract<AnswerEvent, { index: number }>;

/** A part that is not all written yet. */
interface Waiting {
  readonly kind: PieceEvent['kind'];
  readonly index: number;
  readonly id: string;
  readonly name: string;
  /** Came and is not written. */
  unsent: string;
  /** All that came of a call's arguments. */
  arguments: string;
  signature: string | undefined;
  isRedacted: boolean;
  /** Of its block, once that has begun. */
  block: number | undefined;
}

/**
 * Writes the blocks of a stream strictly one after the other, as Anthropic's own never overlap and clients rely on it. Calls that grow side
 * by side therefore wait for each other: one is over when its arguments are a whole object and another part has begun, else with the stream.
 */
export class BlockQueue {
  hasToolCalls = false;
  hasRefusal = false;
  private readonly waiting: Waiting[] = [];
  private blocks = 0;
  /** Parts up to here are written. */
  private written = -1;

  constructor(private readonly shown: ShownThoughts) {}

  /** Takes the next piece; gives what can be written. */
  add(event: PieceEvent): string {
    if (event.index <= this.written) return '';
    const part = this.waiting.find(({ index }) => index === event.index) ?? this.begin(event);
    if (event.kind === 'tool_call') {
      part.unsent += event.arguments;
      part.arguments += event.arguments;
    } else if (event.kind !== 'reasoning' || this.shown === 'all') {
      part.unsent += event.text;
    }
    if ('signature' in event) part.signature = event.signature ?? part.signature;
    if (event.kind === 'reasoning' && event.isRedacted === true) part.isRedacted = true;
    return this.flush(false);
  }

  /** Gives all that is left. */
  end(): string {
    return this.flush(true);
  }

  private begin(event: PieceEvent): Waiting {
    const { id, name } = event.kind === 'tool_call' ? event : { id: '', name: '' };
    const part: Waiting = { kind: event.kind, index: event.index, id, name, unsent: '', arguments: '', signature: undefined, isRedacted: false, block: undefined };
    this.waiting.push(part);
    if (event.kind === 'tool_call') this.hasToolCalls = true;
    if (event.kind === 'refusal') this.hasRefusal = true;
    return part;
  }

  private flush(isEnd: boolean): string {
    let text = '';
    for (let part = this.waiting[0]; part; part = this.waiting[0]) {
      text += this.pour(part);
      const isOver = isEnd || (this.waiting.length > 1 && (part.kind !== 'tool_call' || isWholeObject(part.arguments)));
      if (!isOver) break;
      text += this.close(part);
      this.written = part.index;
      this.waiting.shift();
    }
    return text;
  }

  /** What can be written of the part that is open. */
  private pour(part: Waiting): string {
    if (part.kind === 'reasoning' && (this.shown === 'none' || part.isRedacted)) return '';
    if (part.unsent === '' && part.kind !== 'tool_call') return '';
    const head = part.block === undefined ? this.open(part) : '';
    if (part.unsent === '') return head;
    const delta = deltaOf(part.kind, part.unsent);
    part.unsent = '';
    return head + this.event('content_block_delta', part, { delta });
  }

  private open(part: Waiting): string {
    const before = part.kind === 'tool_call' && part.signature !== undefined ? this.whole(writeCallSignature(part.signature)) : '';
    part.block = this.blocks++;
    return before + this.event('content_block_start', part, { content_block: blockOf(part) });
  }

  private close(part: Waiting): string {
    if (part.kind === 'reasoning' && this.shown !== 'none') {
      const signature = shownSignature(part.signature);
      if (part.isRedacted) return this.whole({ type: 'redacted_thinking', data: signature });
      if (signature !== '') {
        const head = part.block === undefined ? this.open(part) : '';
        const signed = this.event('content_block_delta', part, { delta: { type: 'signature_delta', signature } });
        return head + signed + this.event('content_block_stop', part, {});
      }
    }
    return part.block === undefined ? '' : this.event('content_block_stop', part, {});
  }

  /** A block that has all it holds from the beginning. */
  private whole(block: Record<string, unknown>): string {
    const at = { block: this.blocks++ };
    return this.event('content_block_start', at, { content_block: block }) + this.event('content_block_stop', at, {});
  }

  private event(type: string, { block }: Pick<Waiting, 'block'>, rest: Record<string, unknown>): string {
    return serverEventText({ type, index: block, ...rest }, type);
  }
}

function blockOf({ kind, id, name }: Waiting): Record<string, unknown> {
  switch (kind) {
    case 'tool_call':
      return callBlock({ id, name });
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'text':
    case 'refusal':
      return textBlock();
  }
}

function deltaOf(kind: Waiting['kind'], text: string): Record<string, unknown> {
  switch (kind) {
    case 'tool_call':
      return { type: 'input_json_delta', partial_json: text };
    case 'reasoning':
      return { type: 'thinking_delta', thinking: text };
    case 'text':
    case 'refusal':
      return { type: 'text_delta', text };
  }
}
