import { Outcome, type ProcessedRequest, type ProgressPart } from '@nexus/contracts';
import { formatDuration } from './duration.js';
import { harmless, oneLine } from './one-line.js';
import { describeError, runSummary } from './run-summary.js';

/** What to show next: text of the answer as it comes, without a newline of its own, or a whole line about what is done for it. */
export interface LiveOutput {
  readonly kind: 'text' | 'note' | 'error';
  readonly text: string;
}

const LONGEST_ARGUMENTS = 160;
const LONGEST_RESULT = 160;

/** Turns the live parts of one run, and its answer, into what a terminal shows. */
export class LiveAnswer {
  private epoch = 0n;
  private step = 0;
  /** What was shown of the current step. */
  private shown = '';

  /** What a live part adds. Parts of an epoch that is over are dropped; a new one begins the text again. */
  add(part: ProgressPart): LiveOutput[] {
    const { value, case: kind } = part.part;
    switch (kind) {
      case 'textDelta':
        return this.addText(part.epoch, part.step, value);
      case 'accepted':
        return value.queuedBehind === 0 ? [] : this.note(`waits for ${value.queuedBehind} earlier in this thread`);
      case 'toolStarted':
        return this.note(`step ${part.step}  calls ${value.call?.name ?? '?'} ${oneLine(value.call?.arguments ?? '', LONGEST_ARGUMENTS)}`);
      case 'toolFinished': {
        const { result, durationMs } = value;
        return this.note(`step ${part.step}  ${result?.name ?? '?'} ${result?.isError ? 'failed' : 'says'}: ${oneLine(result?.text ?? '', LONGEST_RESULT)}  (${formatDuration(Number(durationMs))})`);
      }
      case 'stepFinished':
      case 'reasoningDelta':
      case 'events':
      case undefined:
        return [];
    }
  }

  /** What is still missing of the answer, or why there is none, and what it took. */
  finish(answer: ProcessedRequest): LiveOutput[] {
    const summary: LiveOutput[] = answer.runId === '' ? [] : [{ kind: 'note', text: runSummary(answer) }];
    if (answer.outcome !== Outcome.ANSWERED) return [...this.endLine(), { kind: 'error', text: describeError(answer) }, ...summary];
    const text = harmless(answer.text);
    const rest = text.startsWith(this.shown) ? text.slice(this.shown.length) : `${this.shown === '' ? '' : '\n'}${text}`;
    return [{ kind: 'text', text: `${rest}\n` }, ...summary];
  }

  /** The call is made anew, and what was shown of its step does not count. */
  reset(epoch: bigint): LiveOutput[] {
    const wasShown = this.shown !== '';
    this.epoch = epoch;
    return wasShown ? this.note('the model is asked again: what stands above of this answer is void') : [];
  }

  /** What ends an open line when no answer will come. */
  interrupt(): LiveOutput[] {
    return this.endLine();
  }

  private addText(epoch: bigint, step: number, delta: string): LiveOutput[] {
    if (epoch < this.epoch) return [];
    const isNewText = epoch > this.epoch || step !== this.step;
    const before = isNewText ? this.endLine() : [];
    if (isNewText) this.shown = '';
    this.epoch = epoch;
    this.step = step;
    const text = harmless(delta);
    this.shown += text;
    return text === '' ? before : [...before, { kind: 'text', text }];
  }

  private note(text: string): LiveOutput[] {
    return [...this.endLine(), { kind: 'note', text }];
  }

  /** Text that stands on an open line is ended there, and is not continued. */
  private endLine(): LiveOutput[] {
    const isOpen = this.shown !== '' && !this.shown.endsWith('\n');
    this.shown = '';
    return isOpen ? [{ kind: 'text', text: '\n' }] : [];
  }
}
