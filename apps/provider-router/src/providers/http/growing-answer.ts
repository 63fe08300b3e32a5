import type { AnswerEvent, FinishReason, ModelAnswer } from '@nexus/wires';
import type { Usage } from '../provider-outcome.js';

/** An answer as it grows from the events of its stream. */
export interface GrowingAnswer {
  /** Takes the JSON of an event, and its name where the wire has names. Gives what it says in no wire's own form, where that is read. */
  add(chunk: Readonly<Record<string, unknown>>, event: string | undefined): readonly AnswerEvent[];
  readonly id: string | undefined;
  readonly model: string | undefined;
  /** The last usage that was told. */
  readonly usage: Usage | undefined;
  /** Events that held a piece of the answer. */
  readonly pieces: number;
  /** True once there is a piece of the answer, or its end: an event that only opens it, or counts its input, is none. */
  readonly hasContent: boolean;
  /** True once the model has said why it stopped. */
  readonly isFinished: boolean;
  /** True once an event said that there will be no other. */
  readonly isDone: boolean;
  readonly finishReason: FinishReason;
  /** As far as it has come. */
  answer(): ModelAnswer;
  /** All text of all choices: what output tokens are counted from when the provider did not say. */
  allText(): string;
}
