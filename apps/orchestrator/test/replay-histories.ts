import { fromBinary, toJsonString } from '@bufbuild/protobuf';
import { ProcessedRequestSchema, type ProcessedRequest } from '@nexus/contracts';
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
    const before = history.answer === undefined ? undefined : fromBinary(ProcessedRequestSchema, history.answer);
    const stored = events.map(({ event }) => event);
    const now = state.ending === undefined ? undefined : answerOf(state, acceptedOf(stored), stored);
    const [recorded, decided] = [before && textOf(before), now && textOf(withoutNews(now, before))];
    return recorded === decided ? [] : [`${name}: the answer was ${recorded ?? 'none'}, and is ${decided ?? 'none'}`];
  });
}

const textOf = (answer: ProcessedRequest): string => toJsonString(ProcessedRequestSchema, answer);

/** The answer without what answers did not tell when the history was recorded. */
function withoutNews(answer: ProcessedRequest, before: ProcessedRequest | undefined): ProcessedRequest {
  if (!answer.usage || !before?.usage || before.usage.runUnitsThousandths > 0n) return answer;
  return { ...answer, usage: { ...answer.usage, runUnitsThousandths: 0n } };
}
