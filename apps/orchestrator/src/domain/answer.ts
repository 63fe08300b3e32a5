import { create } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, type Error, type IncomingRequest, type ProcessedRequest, type Routing, type RunAccepted, type StoredRunEvent } from '@nexus/contracts';
import { textOf } from './model-answer.js';
import type { RunState } from './run-state.js';
import { usageOf } from './usage-sum.js';

/** The answer of a run that is over, from its events: always the same. Throws when it is not over. */
export function answerOf(state: RunState, accepted: RunAccepted, events: readonly StoredRunEvent[]): ProcessedRequest {
  const { ending } = state;
  if (ending === undefined) throw new Error(`run ${state.runId} is not over`);
  const said = ending.outcome === Outcome.ANSWERED ? lastMessage(events) : undefined;
  return create(ProcessedRequestSchema, {
    ...placeOf(accepted.request),
    messageId: accepted.messageId,
    runId: state.runId,
    threadId: state.threadId,
    outcome: ending.outcome,
    text: textOf(said),
    parts: said?.parts.filter((part) => part.kind.case === 'image') ?? [],
    usage: usageOf(state.usage, state.step, ending.at - state.acceptedAt, lastRouting(events)),
    error: ending.error,
    finishReason: ending.finishReason,
  });
}

/** The answer to a message that starts no run. */
export function refusalOf(messageId: string, request: IncomingRequest | undefined, error: Error): ProcessedRequest {
  return create(ProcessedRequestSchema, { ...placeOf(request), messageId, outcome: Outcome.REFUSED, error });
}

/** The answer to a command; `threadId` is where what is said next belongs, where the command tells. */
export function commandAnswerOf(messageId: string, request: IncomingRequest, text: string, threadId: string): ProcessedRequest {
  return create(ProcessedRequestSchema, { ...placeOf(request), messageId, threadId, outcome: Outcome.ANSWERED, text });
}

function placeOf(request: IncomingRequest | undefined) {
  return {
    surface: request?.surface ?? '',
    chatId: request?.chatId ?? '',
    topicId: request?.topicId ?? '',
    replyToMessageId: request?.replyToMessageId ?? '',
  };
}

/** How the model of the last call was chosen, if the router told. */
export function lastRouting(events: readonly StoredRunEvent[]): Routing | undefined {
  const last = events.findLast(({ event }) => event.case === 'modelAnswered' || event.case === 'modelFailed')?.event;
  return last?.case === 'modelAnswered' || last?.case === 'modelFailed' ? last.value.routing : undefined;
}

function lastMessage(events: readonly StoredRunEvent[]) {
  const last = events.findLast(({ event }) => event.case === 'modelAnswered')?.event;
  return last?.case === 'modelAnswered' ? last.value.message : undefined;
}
