import type { AppError } from '@nexus/core';
import type { AnswerEvent } from '../hub/answer-event.js';
import type { ToldUsage } from '../hub/model-answer.js';
import { serverEventText } from '../hub/server-event-text.js';
import type { AnswerFrame, AnswerWriter } from '../hub/wire.js';
import { BlockQueue } from './block-queue.js';
import { writeStop } from './finish-reason.js';
import { shownThoughts } from './shown-thoughts.js';
import { writeMessage } from './write-answer.js';
import { writeError } from './write-error.js';
import { writeUsage } from './write-usage.js';

/** Writes a stream of Messages. What the end needs is kept until then, as Anthropic tells the usage and the reason to stop in one event. */
export class AnthropicAnswerWriter implements AnswerWriter {
  private readonly queue: BlockQueue;
  private hasBegun = false;
  private usage: ToldUsage | undefined;
  private finish: Extract<AnswerEvent, { kind: 'finish' }> | undefined;

  constructor(private readonly frame: AnswerFrame) {
    this.queue = new BlockQueue(shownThoughts(frame.request));
  }

  write(event: AnswerEvent): string {
    switch (event.kind) {
      case 'start':
        // a usage often follows, and belongs into the first event
        return '';
      case 'usage':
        this.usage = event.usage;
        return this.begin();
      case 'finish':
        this.finish = event;
        return '';
      case 'error':
        return '';
      default:
        return this.begin() + this.queue.add(event);
    }
  }

  end(): string {
    if (!this.finish) return '';
    const { reason, stopSequence } = this.finish;
    const blocks = this.begin() + this.queue.end();
    const { hasToolCalls, hasRefusal } = this.queue;
    // the last account of a stream has no parts of what was written to the cache, unless they matter
    const { cache_creation: parts, service_tier: _tier, inference_geo: _geo, speed: _speed, ...usage } = writeUsage(this.usage);
    const written = (this.usage?.cacheWrite1h ?? 0) > 0 ? { cache_creation: parts } : {};
    return (
      blocks +
      textOf({ type: 'message_delta', delta: { container: null, ...writeStop({ reason, stopSequence, hasToolCalls, hasRefusal }) }, usage: { ...usage, ...written } }) +
      textOf({ type: 'message_stop' })
    );
  }

  fail(error: AppError): string {
    const { type, error: body } = writeError(error, undefined);
    return textOf({ type: String(type), error: body });
  }

  private begin(): string {
    if (this.hasBegun) return '';
    this.hasBegun = true;
    return textOf({ type: 'message_start', message: { ...writeMessage(this.frame), usage: writeUsage(this.usage) } });
  }
}

function textOf(event: { readonly type: string } & Record<string, unknown>): string {
  return serverEventText(event, event.type);
}
