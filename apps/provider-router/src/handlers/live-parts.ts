import { create } from '@bufbuild/protobuf';
import { outgoing, type ChannelBus, type Message } from '@nexus/channels';
import { ProgressPartSchema, type ProgressPart } from '@nexus/contracts';
import { failpoint } from '@nexus/core';
import type { AnswerEvent, AnswerWriter } from '@nexus/wires';
import { isUsageOnly } from '../providers/openai-compatible/is-usage-only.js';

/** What came first goes at once, with all that came with it; what follows within this time goes together. */
const COALESCE_MS = 20;
const DATA = Buffer.from('data: ');
const BLANK_LINE = Buffer.from('\n\n');
const LF = 0x0a;
/** Whoever writes the parts out adds it once nothing else can come. */
const OPENAI_END = /data: \[DONE\]\n\n$/;

/** How the parts of a call become what its client reads. */
export interface PartsForm {
  /** The client asked for the usage block of a stream. */
  readonly wantsUsage: boolean;
  /** Undefined where the provider's events are the client's own. */
  readonly writer: AnswerWriter | undefined;
}

/**
 * Publishes the live parts of one call to requests.progress: for a plain completion the events of its stream in the client's wire, to
 * the one who asked; for a run the text, to everybody who follows it.
 */
export class LiveParts {
  /** Messages published so far. */
  sent = 0;
  private events: Buffer[] = [];
  private text = '';
  private reasoning = '';
  private timer: NodeJS.Timeout | undefined;
  private isFirstDue = false;
  private readonly isRun: boolean;

  constructor(
    private readonly bus: Pick<ChannelBus, 'publish'>,
    private readonly message: Message<'inference.request'>,
    private readonly form: PartsForm,
  ) {
    this.isRun = message.payload.run !== undefined;
  }

  /** Takes one event: its JSON, what that is, its name, and what it says in no wire's own form. */
  add(json: Buffer, chunk: Readonly<Record<string, unknown>>, event: string | undefined, said: readonly AnswerEvent[]): void {
    const { writer, wantsUsage } = this.form;
    if (this.isRun) {
      for (const it of said) {
        if (it.kind === 'text' || it.kind === 'refusal') this.text += it.text;
        else if (it.kind === 'reasoning') this.reasoning += it.text;
      }
      if (this.text === '' && this.reasoning === '') return;
    } else if (writer) {
      if (!this.write(said.map((it) => writer.write(it)).join(''))) return;
    } else {
      if (!wantsUsage && isUsageOnly(chunk)) return;
      if (event !== undefined) this.events.push(Buffer.from(`event: ${event}\n`));
      this.events.push(DATA, json.includes(LF) ? Buffer.from(JSON.stringify(chunk)) : json, BLANK_LINE); // an event of one line stays one event
    }
    this.flushSoon();
  }

  /** The answer is whole: what ends its stream in the client's wire goes out too. */
  end(): void {
    this.write(this.form.writer?.end() ?? '');
    this.flush();
  }

  private write(text: string): boolean {
    const events = text.replace(OPENAI_END, '');
    if (events !== '') this.events.push(Buffer.from(events));
    return events !== '';
  }

  private flushSoon(): void {
    if (this.sent > 0) this.timer ??= setTimeout(() => this.flush(), COALESCE_MS);
    else if (!this.isFirstDue) {
      this.isFirstDue = true;
      queueMicrotask(() => this.flush());
    }
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
