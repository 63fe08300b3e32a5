import type { ModelName } from './model-names.js';

export type QuestionKind = 'bus' | 'stream' | 'completion';

/** Something that was asked, and must be answered once. Times are Unix milliseconds. */
export interface Question {
  readonly number: number;
  readonly kind: QuestionKind;
  readonly model: ModelName;
  /** The message id of the bus; the idempotency key of HTTP. */
  readonly id: string;
  /** Questions of one thread are answered in the order of their numbers; empty for what has no thread. */
  readonly thread: string;
  readonly askedAt: number;
  answeredAt: number | undefined;
  /** What the one who asked knows in the end: answered, an error code, or nothing. */
  outcome: string | undefined;
  text: string | undefined;
  /** The stream on which its answer is awaited; undefined over HTTP. */
  askedFrom: string | undefined;
}

/** Numbers the questions of a load and remembers them all. */
export class Questions {
  readonly all: Question[] = [];

  ask(kind: QuestionKind, model: ModelName, thread: string): Question {
    const number = this.all.length + 1;
    const question: Question = { number, kind, model, thread, id: `${kind}-${number}`, askedAt: Date.now(), answeredAt: undefined, outcome: undefined, text: undefined, askedFrom: undefined };
    this.all.push(question);
    return question;
  }

  /** Answers whether this was the first answer. */
  answered(question: Question, outcome: string, text = ''): boolean {
    if (question.answeredAt !== undefined) return false;
    question.answeredAt = Date.now();
    question.outcome = outcome;
    question.text = text;
    return true;
  }

  get open(): Question[] {
    return this.all.filter(({ answeredAt }) => answeredAt === undefined);
  }

  get runs(): number {
    return this.all.filter(({ kind }) => kind !== 'completion').length;
  }
}
