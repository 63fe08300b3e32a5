import type { ServerResponse } from 'node:http';
import { Outcome, fromWireError, type GetRunResponse, type ProcessedRequest, type ProgressPart } from '@nexus/contracts';
import { toOpenAiError } from '../domain/openai-error.js';
import { runEvent, type RunStreamEvent } from '../domain/run-event.js';
import { answerJson, runJson } from '../domain/run-json.js';
import { HEARTBEAT, formatEvent } from '../domain/server-sent-event.js';
import { EventStream } from './event-stream.js';
import type { RunReader } from './run-stream.js';

/** A run as named server-sent events on a response, which begins at once. */
export class RunEvents implements RunReader {
  private readonly stream: EventStream;

  /** `onGone` is called once when the client is gone, or was cut because it reads too slowly. */
  constructor(response: ServerResponse, onGone: () => void) {
    this.stream = new EventStream(response, onGone);
    this.stream.begin();
    this.stream.keepAlive(HEARTBEAT);
  }

  part(part: ProgressPart, entryId: string): void {
    const event = runEvent(part);
    if (event) this.stream.write(format(event, entryId));
  }

  reset(stored: GetRunResponse | undefined): void {
    const run = stored?.run;
    this.stream.write(format({ event: 'reset', data: { run: run ? runJson(run, stored?.answer) : null } }));
  }

  answer(answer: ProcessedRequest): void {
    const isAnswer = answer.outcome === Outcome.ANSWERED || answer.outcome === Outcome.CANCELLED;
    const error = answer.error && toOpenAiError(fromWireError(answer.error)).body.error;
    this.stream.end(format(isAnswer ? { event: 'answer', data: answerJson(answer) } : { event: 'error', data: { run_id: answer.runId, error: error ?? null } }));
  }

  leave(): void {
    this.stream.leave();
  }
}

function format({ event, data }: RunStreamEvent, id?: string): string {
  return formatEvent({ event, data: JSON.stringify(data), ...(id !== undefined && { id }) });
}
