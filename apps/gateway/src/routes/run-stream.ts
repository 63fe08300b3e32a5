import type { GetRunResponse, ProcessedRequest, ProgressPart } from '@nexus/contracts';
import type { ProgressMessage } from '@nexus/runtime';
import { isEntryAfter } from '../domain/entry-id.js';
import { isOver } from '../domain/run-json.js';
import { RunPartOrder } from '../domain/run-part-order.js';
import type { RunParts } from './run-parts.js';

/** Who is told of a run: in server-sent events, or in frames of a WebSocket. */
export interface RunReader {
  /** What follows what was told before; `entryId` is what the reader gives to go on after it elsewhere. */
  part(part: ProgressPart, entryId: string): void;
  /** What was told before is void; the run stands as stored. `epoch` is that of what follows, 0 where nothing is known to follow. */
  reset(stored: GetRunResponse | undefined, epoch: bigint): void;
  /** The end. */
  answer(answer: ProcessedRequest): void;
  /** The reader is to go on at another replica. */
  leave(): void;
}

/** The stored run is looked at this often while nothing is heard; and soon after a step, for it may have been the last. */
const LOOK_EVERY_MS = 2_000;
const LOOK_SOON_MS = 50;
/** Parts and answer travel on two streams: the answer waits this long for the last part, which tells of the last step. */
const LAST_PART_MS = 100;

/** One reader of one run: live parts, and at the end the answer. */
export class RunStream {
  private readonly order = new RunPartOrder();
  private seenEntryId = '0-0';
  /** Parts that were taken, written or not. */
  private taken = 0;
  private lookIn: number;
  private answer: ProcessedRequest | undefined;
  private finishedStep = 0;
  /** Nothing was written, or nothing since a reset: another one would say the same. */
  private isClean = true;
  /** The answer came straight from the run, not from its stored state: parts may still be on their way. */
  private wasLive = false;
  private isGone = false;
  private isLeaving = false;

  constructor(
    private readonly reader: RunReader,
    private readonly parts: RunParts,
    private readonly readRun: () => Promise<GetRunResponse>,
    private readonly lookEveryMs = LOOK_EVERY_MS,
  ) {
    this.lookIn = lookEveryMs;
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
  reset(stored: GetRunResponse | undefined, epoch = 0n): void {
    const run = stored?.run;
    this.reader.reset(stored, epoch);
    this.isClean = true;
    if (run && isOver(run)) this.answer = stored?.answer;
  }

  /** Resolves when the stream has ended or its reader has left. */
  async follow(): Promise<void> {
    while (!this.isGone) {
      const part = this.parts.take();
      if (part) await this.write(part);
      else if (this.answer) return this.reader.answer(await this.afterLastPart(this.answer));
      else if (this.isLeaving) return this.reader.leave();
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
    if (place !== 'next' && !this.isClean) this.reset(await this.readRun().catch(() => undefined), payload.epoch);
    if (place === 'incomplete') return;
    this.isClean = false;
    if (payload.part.case === 'stepFinished') {
      this.finishedStep = payload.step;
      this.lookIn = LOOK_SOON_MS;
    }
    this.reader.part(payload, entryId);
  }

  /** Waits for the next part; when none comes, asks whether the run is over: its answer went to the replica that asked. */
  private async look(): Promise<void> {
    const { taken } = this;
    await this.parts.wait(this.lookIn);
    if (this.isGone || this.answer || this.isLeaving || this.taken !== taken) return;
    const { run, answer } = await this.readRun().catch(() => ({ run: undefined, answer: undefined })); // asked again soon
    if (run && isOver(run) && answer) this.answer ??= answer;
    this.lookIn = Math.min(this.lookIn * 2, this.lookEveryMs);
  }
}
