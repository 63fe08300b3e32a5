import { Outcome, fromWireError, type GetRunResponse, type ProcessedRequest } from '@nexus/contracts';
import type { ProgressMessage } from '@nexus/runtime';
import { toOpenAiError } from '../domain/openai-error.js';
import { runEvent, type RunStreamEvent } from '../domain/run-event.js';
import { isEntryAfter } from '../domain/entry-id.js';
import { answerJson, isOver, runJson } from '../domain/run-json.js';
import { RunPartOrder } from '../domain/run-part-order.js';
import { HEARTBEAT, formatEvent } from '../domain/server-sent-event.js';
import type { EventStream } from './event-stream.js';
import type { RunParts } from './run-parts.js';

/** The stored run is looked at this often while nothing is heard; and soon after a step, for it may have been the last. */
const LOOK_EVERY_MS = 2_000;
const LOOK_SOON_MS = 50;
/** Parts and answer travel on two streams: the answer waits this long for the last part, which tells of the last step. */
const LAST_PART_MS = 100;

/** One reader of one run: live parts as named events, and at the end the answer. */
export class RunStream {
  private readonly order = new RunPartOrder();
  private seenEntryId = '0-0';
  /** Parts that were taken, written or not. */
  private taken = 0;
  private lookIn = LOOK_EVERY_MS;
  private answer: ProcessedRequest | undefined;
  private finishedStep = 0;
  /** Nothing was written, or nothing since a reset: another one would say the same. */
  private isClean = true;
  /** The answer came straight from the run, not from its stored state: parts may still be on their way. */
  private wasLive = false;
  private isGone = false;
  private isLeaving = false;

  constructor(
    private readonly stream: EventStream,
    private readonly parts: RunParts,
    private readonly readRun: () => Promise<GetRunResponse>,
  ) {
    stream.begin();
    stream.keepAlive(HEARTBEAT);
  }

  /** To be called when the reader has left. */
  gone(): void {
    this.isGone = true;
    this.parts.wakeUp();
  }

  /** Ends the stream after what is waiting: its reader goes on at another replica. */
  leave(): void {
    this.isLeaving = true;
    this.parts.wakeUp();
  }

  /** The reader saw this part elsewhere. */
  resumeAfter({ entryId, payload }: ProgressMessage): void {
    this.seenEntryId = entryId;
    this.order.resumeAfter(payload);
    this.isClean = false;
  }

  /** Ends the stream as soon as it has written what is waiting. */
  answered(answer: ProcessedRequest): void {
    this.answer = answer;
    this.wasLive = true;
    this.parts.wakeUp();
  }

  /** Says that what was streamed before is void, and what holds instead. */
  reset(stored: GetRunResponse | undefined): void {
    const run = stored?.run;
    this.send({ event: 'reset', data: { run: run ? runJson(run, stored.answer) : null } });
    this.isClean = true;
    if (run && isOver(run)) this.answer = stored.answer;
  }

  /** Resolves when the stream has ended or its reader has left. */
  async follow(): Promise<void> {
    while (!this.isGone) {
      const part = this.parts.take();
      if (part) await this.write(part);
      else if (this.answer) return this.finish(await this.afterLastPart(this.answer));
      else if (this.isLeaving) return this.stream.leave();
      else await this.look();
    }
  }

  private async afterLastPart(answer: ProcessedRequest): Promise<ProcessedRequest> {
    const until = performance.now() + LAST_PART_MS;
    while (!this.isGone && this.wasLive && this.finishedStep < (answer.usage?.steps ?? 0) && performance.now() < until) {
      await this.parts.wait(until - performance.now());
      for (let part = this.parts.take(); part; part = this.parts.take()) await this.write(part);
    }
    return answer;
  }

  /** Writes a part, unless it was written before or a later epoch has made it void; after a reset, when others are missing before it. */
  async write({ entryId, payload }: ProgressMessage): Promise<void> {
    this.taken++;
    if (!isEntryAfter(entryId, this.seenEntryId)) return;
    const place = this.order.place(payload);
    if (place === 'skipped') return;
    if (place !== 'next' && !this.isClean) this.reset(await this.readRun().catch(() => undefined));
    if (place === 'incomplete') return;
    this.isClean = false;
    if (payload.part.case === 'stepFinished') {
      this.finishedStep = payload.step;
      this.lookIn = LOOK_SOON_MS;
    }
    const event = runEvent(payload);
    if (event) this.send(event, entryId);
  }

  /** Waits for the next part; when none comes, asks whether the run is over: its answer went to the replica that asked. */
  private async look(): Promise<void> {
    const { taken } = this;
    await this.parts.wait(this.lookIn);
    if (this.isGone || this.answer || this.isLeaving || this.taken !== taken) return;
    const { run, answer } = await this.readRun().catch(() => ({ run: undefined, answer: undefined })); // asked again soon
    if (run && isOver(run) && answer) this.answer ??= answer;
    this.lookIn = Math.min(this.lookIn * 2, LOOK_EVERY_MS);
  }

  private finish(answer: ProcessedRequest): void {
    const isAnswer = answer.outcome === Outcome.ANSWERED || answer.outcome === Outcome.CANCELLED;
    const error = answer.error && toOpenAiError(fromWireError(answer.error)).body.error;
    const event: RunStreamEvent = isAnswer ? { event: 'answer', data: answerJson(answer) } : { event: 'error', data: { run_id: answer.runId, error: error ?? null } };
    this.stream.end(format(event));
  }

  private send(event: RunStreamEvent, entryId?: string): void {
    this.stream.write(format(event, entryId));
  }
}

function format({ event, data }: RunStreamEvent, id?: string): string {
  return formatEvent({ event, data: JSON.stringify(data), ...(id !== undefined && { id }) });
}
