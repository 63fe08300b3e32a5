import type { ProgressPart } from '@nexus/contracts';

/**
 * The text of a run as its deltas tell it, for a reader who cannot take anything back. Deltas are best effort: as soon as one is missing,
 * no more of its step is passed on, and the stored answer completes it. When a call is made anew (a later epoch), what was passed on
 * must be how the new text begins; only what follows it is then passed on. Two generations are never spliced.
 */
export class StreamedText {
  private step = -1;
  private epoch = 0n;
  /** Of this step, what was passed on, and in which epoch it was said. */
  private passed = '';
  private passedIn = 0n;
  /** Of this step and epoch, what was said so far; it is all, unless `isIncomplete`. */
  private heard = '';
  private nextSeq = 0n;
  private isIncomplete = false;
  private needsSeparator = false;
  private isVoided = false;

  /** What was passed on is not what the run says now: nothing more is passed on, and the reader has to be told. */
  get isVoid(): boolean {
    return this.isVoided;
  }

  /** What to pass on of a part: text, or '' when there is nothing. */
  add(part: ProgressPart): string {
    if (this.isVoided) return '';
    switch (part.part.case) {
      case 'textDelta':
        return this.follows(part) ? this.hear(part.part.value) : '';
      case 'reasoningDelta':
        this.follows(part);
        return '';
      case 'toolStarted':
        // a step that calls tools is not the last: what it said stands alone
        if (part.step === this.step) this.enter(part.epoch);
        if (part.step >= this.step) this.close(part.step);
        return '';
      default:
        return '';
    }
  }

  /** What is missing of the answer's text, or undefined when another text than the answer's was passed on. */
  rest(answer: string): string | undefined {
    if (this.isVoided || !answer.startsWith(this.passed)) return undefined;
    const rest = answer.slice(this.passed.length);
    return rest !== '' && this.needsSeparator ? `\n\n${rest}` : rest;
  }

  /** True when a part is the next one of its step and epoch, and nothing is missing before it. */
  private follows({ step, epoch, seq }: ProgressPart): boolean {
    if (step < this.step || (step === this.step && epoch < this.epoch)) return false;
    if (step > this.step) this.close(step);
    this.enter(epoch);
    if (seq < this.nextSeq) return false;
    if (seq > this.nextSeq) this.isIncomplete = true;
    this.nextSeq = seq + 1n;
    return !this.isIncomplete && !this.isVoided;
  }

  private enter(epoch: bigint): void {
    if (epoch <= this.epoch) return;
    this.epoch = epoch;
    this.heard = '';
    this.nextSeq = 0n;
    this.isIncomplete = false;
  }

  private hear(text: string): string {
    this.heard += text;
    if (this.heard.length <= this.passed.length) {
      this.isVoided = !this.passed.startsWith(this.heard);
      return '';
    }
    this.isVoided = !this.heard.startsWith(this.passed);
    if (this.isVoided) return '';
    const more = this.heard.slice(this.passed.length);
    const separator = this.needsSeparator ? '\n\n' : '';
    this.needsSeparator = false;
    this.passed = this.heard;
    this.passedIn = this.epoch;
    return separator + more;
  }

  /** The step that follows begins; of the one before, all has come that will. */
  private close(step: number): void {
    if (this.passed !== '' && this.passedIn !== this.epoch && this.passed !== this.heard) this.isVoided = true;
    this.step = step;
    if (this.passed !== '') this.needsSeparator = true;
    this.passed = this.heard = '';
    this.nextSeq = 0n;
    this.isIncomplete = false;
  }
}
