import { fromBinary, toJsonString } from '@bufbuild/protobuf';
import { ProcessedRequestSchema } from '@nexus/contracts';
import { answerOf } from '../src/domain/answer.js';
import { acceptedOf } from '../src/handlers/live-run.js';
import { replayReport } from '../src/handlers/replay-report.js';
import { decodeEvent } from '../src/storage/event-codec.js';
import type { History } from './history-file.js';

/** Every place where replaying these runs differs from what was recorded: states, status, answer. */
export function divergencesOf(histories: readonly History[]): readonly string[] {
  return histories.flatMap((history) => {
    const name = `${history.kind} ${history.runId}`;
    const events = history.events.map(({ at, fingerprint, payload }, seq) => ({ seq, at, event: decodeEvent(payload), fingerprint: fingerprint ?? undefined }));
    const { differences, state } = replayReport({ ...history, events });
    if (differences.length > 0) return differences.map(({ seq, kind, message }) => `${name}: event ${seq}, ${kind}: ${message}`);
    const recorded = history.answer === undefined ? '' : toJsonString(ProcessedRequestSchema, fromBinary(ProcessedRequestSchema, history.answer));
    const stored = events.map(({ event }) => event);
    const now = state.ending === undefined ? '' : toJsonString(ProcessedRequestSchema, answerOf(state, acceptedOf(stored), stored));
    return recorded === now ? [] : [`${name}: the answer was ${recorded || 'none'}, and is ${now || 'none'}`];
  });
}
