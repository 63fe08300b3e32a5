import type { ProgressPart } from '@nexus/contracts';

/**
 * What to do with a part for one reader. `next`: it follows. `after-gap`: it follows something that was lost or is void, so a reset must
 * stand before it. `incomplete`: the same, and it makes no sense itself. `skipped`: it was there before, is void, or of an incomplete step.
 */
export type RunPartPlace = 'next' | 'after-gap' | 'incomplete' | 'skipped';

/**
 * Watches that one reader of a run gets every part once and in order, and hears when that is impossible. Text comes from the router,
 * numbered from 0 in each (epoch, step); all else from the orchestrator, numbered over the whole run. A later epoch makes what was before void.
 */
export class RunPartOrder {
  private epoch: bigint | undefined;
  private step = -1;
  private nextDelta = 0n;
  private isHeld = false;
  private readonly told = new Set<bigint>();
  private lastTold: bigint | undefined;

  /** The reader saw this part elsewhere: what follows it is next. */
  resumeAfter(part: ProgressPart): void {
    this.epoch = part.epoch;
    if (isDelta(part)) {
      this.step = part.step;
      this.nextDelta = part.seq + 1n;
    } else this.tell(part.seq);
  }

  place(part: ProgressPart): RunPartPlace {
    if (this.epoch !== undefined && part.epoch < this.epoch) return 'skipped';
    const isTakenOver = this.epoch !== undefined && part.epoch > this.epoch;
    if (isTakenOver) this.step = -1;
    this.epoch = part.epoch;
    const place = isDelta(part) ? this.placeDelta(part) : this.placeTold(part.seq);
    return isTakenOver && place === 'next' ? 'after-gap' : place;
  }

  private placeDelta({ step, seq }: ProgressPart): RunPartPlace {
    if (step < this.step) return 'skipped';
    if (step > this.step) {
      this.step = step;
      this.nextDelta = 0n;
      this.isHeld = false;
    }
    if (this.isHeld || seq < this.nextDelta) return 'skipped';
    this.isHeld = seq > this.nextDelta;
    if (this.isHeld) return 'incomplete';
    this.nextDelta++;
    return 'next';
  }

  /** One that comes late, because two replicas published at once, is told late. */
  private placeTold(seq: bigint): RunPartPlace {
    if (this.told.has(seq)) return 'skipped';
    const isAfterGap = this.lastTold !== undefined && seq > this.lastTold + 1n;
    this.tell(seq);
    return isAfterGap ? 'after-gap' : 'next';
  }

  private tell(seq: bigint): void {
    this.told.add(seq);
    if (this.lastTold === undefined || seq > this.lastTold) this.lastTold = seq;
  }
}

function isDelta({ part }: ProgressPart): boolean {
  return part.case === 'textDelta' || part.case === 'reasoningDelta';
}
