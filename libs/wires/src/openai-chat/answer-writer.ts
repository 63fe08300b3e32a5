import type { AppError } from '@nexus/core';
import type { AnswerEvent } from '../hub/answer-event.js';
import { serverEventText } from '../hub/server-event-text.js';
import type { FinishReason, ToldUsage } from '../hub/model-answer.js';
import type { AnswerFrame, AnswerWriter } from '../hub/wire.js';
import { writeSignature } from './call-signature.js';
import { writeFinishReason } from './finish-reason.js';
import { writeError } from './write-error.js';
import { writeUsage } from './write-usage.js';

type CallEvent = Extract<AnswerEvent, { kind: 'tool_call' }>;

/** Writes `chat.completion.chunk`s, all with one id; the finish reason, the usage for who asked for it and `[DONE]` go out at the end. */
export class ChatAnswerWriter implements AnswerWriter {
  private hasBegun = false;
  private finish: FinishReason | undefined;
  private usage: ToldUsage | undefined;
  /** By their part of the answer: the call's place, and whether it has arguments. */
  private readonly calls = new Map<number, { readonly place: number; hasArguments: boolean }>();

  constructor(private readonly frame: AnswerFrame) {}

  write(event: AnswerEvent): string {
    switch (event.kind) {
      case 'start':
        return this.begin();
      case 'text':
        return event.text === '' ? '' : this.begin() + this.delta({ content: event.text });
      case 'reasoning':
        return event.text === '' ? '' : this.begin() + this.delta({ reasoning_content: event.text });
      case 'refusal':
        return event.text === '' ? '' : this.begin() + this.delta({ refusal: event.text });
      case 'tool_call':
        return this.begin() + this.delta({ tool_calls: [this.call(event)] });
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
    const bare = [...this.calls.values()].filter(({ hasArguments }) => !hasArguments).map(({ place }) => ({ index: place, function: { arguments: '{}' } }));
    const usage = this.wantsUsage && this.usage ? this.chunk([], { usage: writeUsage(this.usage) }) : '';
    return `${this.begin()}${bare.length > 0 ? this.delta({ tool_calls: bare }) : ''}${this.delta({}, writeFinishReason(this.finish))}${usage}data: [DONE]\n\n`;
  }

  fail(error: AppError): string {
    return serverEventText(writeError(error));
  }

  private get wantsUsage(): boolean {
    return this.frame.request.wantsUsage === true;
  }

  private begin(): string {
    if (this.hasBegun) return '';
    this.hasBegun = true;
    return this.delta({ role: 'assistant', content: '', refusal: null });
  }

  private call(event: CallEvent): Record<string, unknown> {
    const known = this.calls.get(event.index);
    const call = known ?? { place: this.calls.size, hasArguments: false };
    this.calls.set(event.index, call);
    call.hasArguments ||= event.arguments !== '';
    const extra = writeSignature(event.signature);
    if (known) return { index: call.place, function: { arguments: event.arguments }, ...extra };
    return { index: call.place, id: event.id, type: 'function', function: { name: event.name, arguments: event.arguments }, ...extra };
  }

  private delta(delta: Record<string, unknown>, finishReason: string | null = null): string {
    return this.chunk([{ index: 0, delta, logprobs: null, finish_reason: finishReason }], this.wantsUsage ? { usage: null } : {});
  }

  private chunk(choices: readonly unknown[], rest: Record<string, unknown>): string {
    const { id, createdAt, model } = this.frame;
    return serverEventText({ id, object: 'chat.completion.chunk', created: createdAt, model, choices, ...rest });
  }
}
