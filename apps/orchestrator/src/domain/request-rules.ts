import type { ForkOrigin, IncomingRequest } from '@nexus/contracts';
import { AppError, isUuid } from '@nexus/core';

/** Most characters of a message's text, and of all texts of a conversation that the client holds. */
const LONGEST_TEXT = 1_048_576;
const LONGEST_HISTORY = 8 * LONGEST_TEXT;
const LONGEST_NAME = 512;
const MOST_MESSAGES = 2_000;
const MOST_ATTACHMENTS = 32;
/** The last moment that a Date can hold; Postgres holds it too. */
const LAST_MOMENT = 8_640_000_000_000_000n;

/** Refuses with AppError `invalid_request`, naming the field, what cannot become a run. `now` is Unix milliseconds. */
export function checkRequest(request: IncomingRequest, now: number): void {
  if (request.text.length > LONGEST_TEXT) throw invalid('text', `must have at most ${LONGEST_TEXT} characters`);
  if (request.forkedFrom !== undefined) checkFork(request, request.forkedFrom);
  else if (request.history.length > 0) checkHistory(request);
  else if (request.text.trim() === '' && request.attachments.length === 0) throw invalid('text', 'must not be empty');
  if (request.threadId !== '' && !isUuid(request.threadId)) throw invalid('thread_id', 'must be the id of a thread (a UUID), or empty');
  if (request.attachments.length > MOST_ATTACHMENTS) throw invalid('attachments', `must be at most ${MOST_ATTACHMENTS}`);
  if (request.deadlineMs < 0n || request.deadlineMs > LAST_MOMENT || (request.deadlineMs > 0n && request.deadlineMs <= BigInt(now))) throw invalid('deadline_ms', 'must be in the future, as Unix milliseconds');
  for (const [field, value] of [['surface', request.surface], ['chat_id', request.chatId], ['topic_id', request.topicId], ['sender.id', request.sender?.id ?? ''], ['edits_message_id', request.editsMessageId], ['agent', request.agent], ['model', request.model], ['timezone', request.timezone], ['locale', request.locale]] as const) checkName(field, value);
}

/** Refuses with AppError `invalid_request` a name that is too long, or that Postgres cannot hold. */
export function checkName(field: string, value: string): void {
  if (value.length > LONGEST_NAME) throw invalid(field, `must have at most ${LONGEST_NAME} characters`);
  if (value.includes('\u0000')) throw invalid(field, 'must not hold a NUL character');
}

/** What the fork says is looked at here, what it takes from its origin by checkHistory(). */
function checkFork(request: IncomingRequest, { runId, step }: ForkOrigin): void {
  if (!isUuid(runId)) throw invalid('forked_from.run_id', 'must be the id of a run (a UUID)');
  if (step < 0) throw invalid('forked_from.step', 'must be 0, for the question alone, or the number of a step');
  if (request.history.length > 0) throw invalid('history', 'must be empty beside forked_from, which brings it');
  if (request.threadId !== '') throw invalid('thread_id', 'must be empty beside forked_from: a fork has a thread of its own');
}

/** Refuses with AppError `invalid_request` a conversation that is too long, or that stands beside a text. */
export function checkHistory(request: IncomingRequest): void {
  if (request.text !== '') throw invalid('text', 'must be empty beside a history');
  if (request.history.length > MOST_MESSAGES) throw invalid('history', `must have at most ${MOST_MESSAGES} messages`);
  let length = 0;
  for (const { parts } of request.history) for (const { kind } of parts) if (kind.case === 'text') length += kind.value.length;
  if (length > LONGEST_HISTORY) throw invalid('history', `must have at most ${LONGEST_HISTORY} characters`);
}

function invalid(field: string, must: string): AppError {
  return new AppError('invalid_request', `${field} ${must}.`, { status: 400, param: field });
}
