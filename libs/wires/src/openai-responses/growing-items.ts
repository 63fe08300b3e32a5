import type { AnswerEvent } from '../hub/answer-event.js';
import type { RefusalPart, TextPart } from '../hub/model-part.js';
import type { ToolSpec } from '../hub/model-request.js';
import { freeformInput } from './freeform.js';
import { callItem, contentOf, messageItem, reasoningItem, summaryOf, type ItemStatus, type OutputItem } from './output-items.js';

type Emit = (type: string, fields: Record<string, unknown>) => string;
type EventOf<K extends AnswerEvent['kind']> = Extract<AnswerEvent, { kind: K }>;

/** An item of the output while a client watches it grow. Each call gives the events of what it changed. */
interface GrowingItem {
  item(status: ItemStatus): OutputItem;
  /** Says that no more will come. */
  close(status: ItemStatus): string;
}

/** A message of texts and refusals. */
export class GrowingMessage implements GrowingItem {
  private readonly parts: { kind: 'text' | 'refusal'; text: string }[] = [];
  private part = -1;

  constructor(private readonly emit: Emit, private readonly place: number, private readonly id: string) {}

  open(): string {
    return this.emit('response.output_item.added', { output_index: this.place, item: this.item('in_progress') });
  }

  grow({ kind, index, text }: EventOf<'text'> | EventOf<'refusal'>): string {
    let events = '';
    if (index !== this.part) {
      events += this.closePart();
      this.part = index;
      this.parts.push({ kind, text: '' });
      events += this.emit('response.content_part.added', { ...this.at, part: contentOf({ kind, text: '' }) });
    }
    const part = this.parts.at(-1);
    if (!part || text === '') return events;
    part.text += text;
    return events + (kind === 'text' ? this.emit('response.output_text.delta', { ...this.at, delta: text, logprobs: [] }) : this.emit('response.refusal.delta', { ...this.at, delta: text }));
  }

  item(status: ItemStatus): OutputItem {
    return messageItem(this.id, status === 'in_progress' ? [] : this.parts, status);
  }

  close(status: ItemStatus): string {
    return this.closePart() + this.emit('response.output_item.done', { output_index: this.place, item: this.item(status) });
  }

  private get at(): Record<string, unknown> {
    return { item_id: this.id, output_index: this.place, content_index: this.parts.length - 1 };
  }

  private closePart(): string {
    const part: TextPart | RefusalPart | undefined = this.parts.at(-1);
    if (!part) return '';
    const done = part.kind === 'text' ? this.emit('response.output_text.done', { ...this.at, text: part.text, logprobs: [] }) : this.emit('response.refusal.done', { ...this.at, refusal: part.text });
    return done + this.emit('response.content_part.done', { ...this.at, part: contentOf(part) });
  }
}

/** A thought. */
export class GrowingThought implements GrowingItem {
  private text = '';
  private signature: string | undefined;
  private isRedacted = false;

  constructor(private readonly emit: Emit, private readonly place: number, private readonly id: string, readonly index: number) {}

  open(): string {
    return this.emit('response.output_item.added', { output_index: this.place, item: this.item('in_progress') });
  }

  grow({ text, signature, isRedacted }: EventOf<'reasoning'>): string {
    if (signature !== undefined) this.signature = signature;
    if (isRedacted === true) this.isRedacted = true;
    if (text === '') return '';
    const begin = this.text === '' ? this.emit('response.reasoning_summary_part.added', { ...this.at, part: summaryOf('') }) : '';
    this.text += text;
    return begin + this.emit('response.reasoning_summary_text.delta', { ...this.at, delta: text });
  }

  item(status: ItemStatus): OutputItem {
    const { text, signature, isRedacted } = this;
    return reasoningItem(this.id, status === 'in_progress' ? { kind: 'reasoning', text: '' } : { kind: 'reasoning', text, signature, isRedacted }, status);
  }

  close(status: ItemStatus): string {
    const summary =
      this.text === ''
        ? ''
        : this.emit('response.reasoning_summary_text.done', { ...this.at, text: this.text }) + this.emit('response.reasoning_summary_part.done', { ...this.at, part: summaryOf(this.text) });
    return summary + this.emit('response.output_item.done', { output_index: this.place, item: this.item(status) });
  }

  private get at(): Record<string, unknown> {
    return { item_id: this.id, output_index: this.place, summary_index: 0 };
  }
}

/** A call of a tool. One that takes plain text is shown when it is whole, for its text stands in JSON until then. */
export class GrowingCall implements GrowingItem {
  private text = '';
  private readonly isFreeform: boolean;

  constructor(
    private readonly emit: Emit,
    private readonly place: number,
    private readonly id: string,
    private readonly call: EventOf<'tool_call'>,
    private readonly tools: readonly ToolSpec[],
  ) {
    this.isFreeform = tools.some((tool) => tool.name === call.name && tool.freeform !== undefined);
  }

  open(): string {
    return this.emit('response.output_item.added', { output_index: this.place, item: this.item('in_progress') });
  }

  grow({ arguments: text }: EventOf<'tool_call'>): string {
    if (text === '') return '';
    this.text += text;
    return this.isFreeform ? '' : this.emit('response.function_call_arguments.delta', { ...this.at, delta: text });
  }

  item(status: ItemStatus): OutputItem {
    return callItem(this.id, { kind: 'tool_call', id: this.call.id, name: this.call.name, arguments: status === 'in_progress' ? '' : this.text }, this.tools, status);
  }

  close(status: ItemStatus): string {
    return this.closeArguments() + this.emit('response.output_item.done', { output_index: this.place, item: this.item(status) });
  }

  private get at(): Record<string, unknown> {
    return { item_id: this.id, output_index: this.place };
  }

  private closeArguments(): string {
    if (this.isFreeform) {
      const input = freeformInput(this.text);
      return this.emit('response.custom_tool_call_input.delta', { ...this.at, delta: input }) + this.emit('response.custom_tool_call_input.done', { ...this.at, input });
    }
    const { name, arguments: whole } = this.item('completed');
    const rest = this.text === '' ? this.emit('response.function_call_arguments.delta', { ...this.at, delta: whole }) : '';
    return rest + this.emit('response.function_call_arguments.done', { ...this.at, name, arguments: whole });
  }
}
