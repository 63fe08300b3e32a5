import { create } from '@bufbuild/protobuf';
import { outgoing, type ChannelBus, type Message } from '@nexus/channels';
import { ProgressPartSchema, type ProgressPart } from '@nexus/contracts';
import { failpoint } from '@nexus/core';
import { deltaOf, isUsageOnly } from '../providers/openai-compatible/read-delta.js';

/** The first part goes at once; those that follow within this time go together. */
const COALESCE_MS = 20;
const DATA = Buffer.from('data: ');
const BLANK_LINE = Buffer.from('\n\n');
const LF = 0x0a;

/**
 * Publishes the live parts of one call to requests.progress: for a plain completion the provider's own events, to the one who asked;
 * for a run the text, to everybody who follows it.
 */
export class LiveParts {
  /** Messages published so far. */
  sent = 0;
  private events: Buffer[] = [];
  private text = '';
  private reasoning = '';
  private timer: NodeJS.Timeout | undefined;
  private readonly isRun: boolean;

  constructor(
    private readonly bus: Pick<ChannelBus, 'publish'>,
    private readonly message: Message<'inference.request'>,
    private readonly wantsUsage: boolean,
  ) {
    this.isRun = message.payload.run !== undefined;
  }

  /** Takes one chunk: its JSON, and what that says. */
  add(json: Buffer, chunk: Readonly<Record<string, unknown>>): void {
    if (this.isRun) {
      const delta = deltaOf(chunk);
      this.text += delta.text;
      this.reasoning += delta.reasoning;
      if (this.text === '' && this.reasoning === '') return;
    } else {
      if (!this.wantsUsage && isUsageOnly(chunk)) return;
      this.events.push(DATA, json.includes(LF) ? Buffer.from(JSON.stringify(chunk)) : json, BLANK_LINE); // an event of one line stays one event
    }
    if (this.sent === 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), COALESCE_MS);
  }

  /** Sends what is left. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.events.length > 0) this.publish({ case: 'events', value: Buffer.concat(this.events) });
    if (this.reasoning !== '') this.publish({ case: 'reasoningDelta', value: this.reasoning });
    if (this.text !== '') this.publish({ case: 'textDelta', value: this.text });
    this.events = [];
    this.reasoning = this.text = '';
  }

  private publish(part: ProgressPart['part']): void {
    const { attemptId, run } = this.message.payload;
    const seq = BigInt(this.sent++);
    const payload = create(ProgressPartSchema, { part, seq, runId: run?.runId ?? '', messageId: run ? '' : attemptId, epoch: run?.epoch ?? 0n, step: run?.step ?? 0 });
    const { tenantId, correlationId, trace, replyTo } = this.message;
    const published = this.bus.publish(outgoing({ channel: 'requests.progress', id: `${attemptId}.${seq}`, tenantId, correlationId, trace, to: run ? undefined : replyTo, payload }));
    // a part that is lost is in the answer all the same
    (seq === 0n ? published.then(() => failpoint('router.after-first-part')) : published).catch(() => undefined);
  }
}
