import type { AppError } from '@nexus/core';
import type { AnswerEvent } from '../hub/answer-event.js';
import type { FinishReason, ToldUsage } from '../hub/model-answer.js';
import { serverEventText } from '../hub/server-event-text.js';
import type { AnswerFrame, AnswerWriter } from '../hub/wire.js';
import { writeFinishReason } from './finish-reason.js';
import { GrowingCall, GrowingMessage, GrowingThought } from './growing-items.js';
import { endStatus } from './output-items.js';
import { itemId, responseObject, type ResponseState } from './write-answer.js';
import { writeFailure } from './write-error.js';

/**
 * Writes the events of a streamed response. A message and a thought are done when something else begins; calls, which may grow side by
 * side, when the answer ends.
 */
export class ResponseAnswerWriter implements AnswerWriter {
  private sequence = 0;
  private hasBegun = false;
  private finish: FinishReason | undefined;
  private usage: ToldUsage | undefined;
  private readonly items: (GrowingMessage | GrowingThought | GrowingCall)[] = [];
  private open: GrowingMessage | GrowingThought | undefined;
  /** By their part of the answer. */
  private readonly calls = new Map<number, GrowingCall>();

  constructor(private readonly frame: AnswerFrame) {}

  write(event: AnswerEvent): string {
    switch (event.kind) {
      case 'start':
        return this.begin();
      case 'text':
      case 'refusal':
        return this.begin() + this.speak(event);
      case 'reasoning':
        return this.begin() + this.think(event);
      case 'tool_call':
        return this.begin() + this.call(event);
      case 'usage':
        this.usage = event.usage;
        return '';
      case 'finish':
        this.finish = event.reason;
        return '';
      case 'error':
        return '';
    }
  }

  end(): string {
    if (this.finish === undefined) return '';
    const end = writeFinishReason(this.finish);
    const isWhole = end.status === 'completed';
    const done = this.begin() + this.items.map((item, i) => (item === this.open || item instanceof GrowingCall ? item.close(endStatus(i, this.items.length, isWhole)) : '')).join('');
    return done + this.emit(`response.${end.status}`, { response: this.response(end) });
  }

  fail(error: AppError): string {
    return this.begin() + this.emit('response.failed', { response: this.response({ status: 'failed', incomplete_details: null, error: writeFailure(error) }) });
  }

  private begin(): string {
    if (this.hasBegun) return '';
    this.hasBegun = true;
    const response = this.response({ status: 'in_progress', incomplete_details: null, error: null });
    return this.emit('response.created', { response }) + this.emit('response.in_progress', { response });
  }

  private speak(event: Extract<AnswerEvent, { kind: 'text' | 'refusal' }>): string {
    if (event.text === '') return '';
    if (this.open instanceof GrowingMessage) return this.open.grow(event);
    const closed = this.closeOpen();
    const message = new GrowingMessage(this.emit, this.items.length, itemId('msg', this.frame, this.items.length));
    this.items.push(message);
    this.open = message;
    return closed + message.open() + message.grow(event);
  }

  private think(event: Extract<AnswerEvent, { kind: 'reasoning' }>): string {
    if (this.open instanceof GrowingThought && this.open.index === event.index) return this.open.grow(event);
    if (event.text === '' && event.signature === undefined) return '';
    const closed = this.closeOpen();
    const thought = new GrowingThought(this.emit, this.items.length, itemId('rs', this.frame, this.items.length), event.index);
    this.items.push(thought);
    this.open = thought;
    return closed + thought.open() + thought.grow(event);
  }

  private call(event: Extract<AnswerEvent, { kind: 'tool_call' }>): string {
    const known = this.calls.get(event.index);
    if (known) return known.grow(event);
    const closed = this.closeOpen();
    const call = new GrowingCall(this.emit, this.items.length, itemId('fc', this.frame, this.items.length), event, this.frame.request.tools);
    this.items.push(call);
    this.calls.set(event.index, call);
    return closed + call.open() + call.grow(event);
  }

  private closeOpen(): string {
    const open = this.open;
    this.open = undefined;
    return open?.close('completed') ?? '';
  }

  private response(state: Pick<ResponseState, 'status' | 'incomplete_details' | 'error'>): Record<string, unknown> {
    const output = this.items.map((item, i) => item.item(endStatus(i, this.items.length, state.status === 'completed')));
    return responseObject(this.frame, { ...state, output, usage: this.usage });
  }

  private readonly emit = (type: string, fields: Record<string, unknown>): string => serverEventText({ type, sequence_number: this.sequence++, ...fields }, type);
}
