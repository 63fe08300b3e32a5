import type { ProgressPart } from '@nexus/contracts';
import type { LivePart } from './adapter-transport.js';

interface Followed {
  readonly messageId: string;
  epoch: number;
  step: number;
  /** Of the model's next part in this step; undefined when one was missed: what follows would have a hole. */
  nextSeq: number | undefined;
}

/**
 * Picks out of the live parts of everybody those of an adapter's own messages. Text is told as far as it has no holes: each step's begins
 * with its first part.
 */
export class FollowedRuns {
  private readonly asked = new Set<string>();
  private readonly runs = new Map<string, Followed>();

  /** From now on the message's parts are told. */
  ask(messageId: string): void {
    this.asked.add(messageId);
  }

  isAsked(messageId: string): boolean {
    return this.asked.has(messageId);
  }

  forget(messageId: string, runId: string): void {
    this.asked.delete(messageId);
    this.runs.delete(runId);
  }

  /** What a part of somebody's run tells of a message that was asked. */
  take(progress: ProgressPart): readonly { readonly messageId: string; readonly part: LivePart }[] {
    const { runId, messageId, part } = progress;
    const epoch = Number(progress.epoch);
    if (!this.runs.has(runId) && this.asked.has(messageId)) this.runs.set(runId, { messageId, epoch, step: 0, nextSeq: 0 });
    const run = this.runs.get(runId);
    if (run === undefined || epoch < run.epoch) return [];
    const told: LivePart[] = [];
    if (epoch > run.epoch) {
      Object.assign(run, { epoch, step: 0, nextSeq: 0 });
      told.push({ kind: 'reset', epoch });
    }
    if (part.case === 'accepted') told.push({ kind: 'accepted', queuedBehind: part.value.queuedBehind });
    if (part.case === 'toolStarted') told.push({ kind: 'tool', name: part.value.call?.name ?? '', step: progress.step });
    if (part.case === 'textDelta' || part.case === 'reasoningDelta') {
      if (progress.step > run.step) Object.assign(run, { step: progress.step, nextSeq: 0 });
      const isNext = progress.step === run.step && Number(progress.seq) === run.nextSeq;
      if (isNext) run.nextSeq = Number(progress.seq) + 1;
      else if (progress.step === run.step && Number(progress.seq) > (run.nextSeq ?? Infinity)) run.nextSeq = undefined;
      if (isNext && part.case === 'textDelta') told.push({ kind: 'text', epoch, step: progress.step, text: part.value });
    }
    return told.map((one) => ({ messageId: run.messageId, part: one }));
  }
}
