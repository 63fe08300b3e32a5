import type { ProgressPart } from '@nexus/contracts';

/**
 * The text of a run as its deltas tell it, for a reader who cannot take anything back. Deltas are best effort: as soon as one is
 * missing or a new epoch begins the same step again, no more of that step is passed on, and the stored answer completes it.
 */
export class StreamedText {
  private step = -1;
  private epoch = 0n;
  private lastSeq: bigint | undefined;
  private stepText = '';
  private isHeld = false;
  private needsSeparator = false;

  /** What to pass on of a part: text, or '' when there is nothing. */
  add(part: ProgressPart): string {
    switch (part.part.case) {
      case 'textDelta':
        return this.follows(part) ? this.pass(part.part.value) : '';
      case 'reasoningDelta':
        this.follows(part);
        return '';
      case 'toolStarted':
        if (part.step >= this.step) this.close(part.step);
        return '';
      default:
        return '';
    }
  }

  /** What is missing of the answer's text, or undefined when another text than the answer's was passed on. */
  rest(answer: string): string | undefined {
    if (!answer.startsWith(this.stepText)) return undefined;
    const rest = answer.slice(this.stepText.length);
    if (rest !== '' && this.needsSeparator) return `\n\n${rest}`;
    return rest;
  }

  /** True when a part is the next one of its step; holds the rest of the step back when something is missing before it. */
  private follows(part: ProgressPart): boolean {
    if (part.step > this.step) this.begin(part.step, part.epoch);
    else if (part.step < this.step || part.epoch < this.epoch) return false;
    if (part.epoch > this.epoch) {
      if (this.stepText !== '') this.isHeld = true;
      this.epoch = part.epoch;
      this.lastSeq = undefined;
    }
    if (this.lastSeq !== undefined) {
      if (part.seq <= this.lastSeq) return false;
      if (part.seq !== this.lastSeq + 1n) this.isHeld = true;
    }
    this.lastSeq = part.seq;
    return !this.isHeld;
  }

  private begin(step: number, epoch: bigint): void {
    this.close(step);
    this.epoch = epoch;
    this.lastSeq = undefined;
    this.isHeld = false;
  }

  /** A step that calls tools is not the last: what it said stands alone. */
  private close(step: number): void {
    this.step = step;
    if (this.stepText !== '') this.needsSeparator = true;
    this.stepText = '';
  }

  private pass(text: string): string {
    const separator = this.needsSeparator ? '\n\n' : '';
    this.needsSeparator = false;
    this.stepText += text;
    return separator + text;
  }
}
