import { AppError } from '@nexus/core';
import type { ProcessedRequest, ProgressPart } from '@nexus/contracts';
import { requireAnswer } from './agent-answer.js';
import { StreamedText } from './streamed-text.js';

/** The text of a run for a reader who cannot take anything back, and the errors that say where the answer can be had when that fails. */
export class AgentText {
  private readonly text = new StreamedText();

  /** What to pass on of a live part: text, or ''. Throws when the run says by now something else than what was passed on. */
  add(part: ProgressPart): string {
    const text = this.text.add(part);
    if (this.text.isVoid) {
      throw new AppError('stream_interrupted', `The model was asked again and answers differently from what was streamed. The whole answer will be stored: GET /v1/runs/${part.runId}.`, { status: 500 });
    }
    return text;
  }

  /** What is missing of the answer. Throws when there is no answer, or when what was passed on is not how it begins. */
  finish(answer: ProcessedRequest): string {
    requireAnswer(answer);
    const rest = this.text.rest(answer.text);
    if (rest === undefined) {
      throw new AppError('stream_interrupted', `Live parts were lost on the way. The whole answer is stored: GET /v1/runs/${answer.runId}.`, { status: 500 });
    }
    return rest;
  }
}
