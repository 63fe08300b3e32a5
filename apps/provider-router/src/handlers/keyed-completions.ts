import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { outgoing, type ChannelBus, type Message, type OutgoingMessage } from '@nexus/channels';
import { InferenceResponseSchema, ProgressPartSchema, UsageRecordedSchema, type InferenceResponse, type UsageRecorded } from '@nexus/contracts';
import { AppError, deterministicId, type Clock } from '@nexus/core';
import { keyInFlight, keyReused, type Logger } from '@nexus/runtime';
import { deadlineOf } from '../domain/deadline.js';
import type { AnswerStore, KeptAnswer, KeyedQuestion, KeyedStanding } from '../storage/answer.store.js';
import { refusalOf } from './answer.js';
import type { AnsweredCalls } from './answered-calls.js';
import { CapturedEvents } from './captured-events.js';
import type { CompleteHandler } from './complete.handler.js';

type Request = Message<'inference.request'>;

export interface KeyedCompletionsParts {
  readonly bus: Pick<ChannelBus, 'publish'>;
  readonly complete: CompleteHandler;
  readonly answered: Pick<AnsweredCalls, 'find'>;
  readonly store: Pick<AnswerStore, 'begin' | 'keep' | 'tryAgain' | 'refuse' | 'skip' | 'abandon' | 'forget'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Refusals that say nothing of whether the call was made, or is being made elsewhere. */
const OPEN_ENDS: ReadonlySet<string> = new Set(['attempt_unknown', 'in_progress', 'in_flight_elsewhere', 'internal']);
/** The ledger's own refusals: it keeps them with the attempt, which it never opens any more. */
const REFUSED_BY_LEDGER: ReadonlySet<string> = new Set(['budget_exceeded', 'refused']);
/** The ledger was asked, and may have the attempt although it was not heard. */
const NOT_HEARD: ReadonlySet<string> = new Set(['usage_unavailable', 'ledger_failed']);

/**
 * Plain completions whose asker has an idempotency key: the answer is kept, and the same question gets it again; another question under
 * the same key is refused (422), and one whose answer is not there yet too (409). A try that failed and cost nothing may be followed by
 * another one, which is an attempt of its own; after one that cost something there is no other, so that a key is charged once.
 */
export class KeyedCompletions {
  constructor(private readonly parts: KeyedCompletionsParts) {}

  /** Rejects as CompleteHandler does. */
  async handle(message: Request, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const { attemptId, idempotencyHash } = message.payload;
    const question: KeyedQuestion = { tenantId: message.tenantId, id: attemptId, requestHash: idempotencyHash, asker: message.replyTo ?? '' };
    let standing: KeyedStanding;
    try {
      standing = await this.parts.store.begin(question);
    } catch (error) {
      const refusal = AppError.from(error);
      if (refusal.isRetryable && deadlineOf(message) > this.parts.clock.now()) throw refusal;
      return [refusalOf(message, refusal)];
    }
    if (standing.requestHash !== idempotencyHash) return [refusalOf(message, keyReused())];
    if (standing.answer) return again(message, standing.answer);
    return this.ask(message, question, standing, signal);
  }

  private async ask(message: Request, question: KeyedQuestion, standing: KeyedStanding, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    const { tries, asker } = standing;
    const attemptId = tries === 0 ? question.id : deterministicId(question.id, 'try', tries);
    const events = new CapturedEvents(this.parts.bus, question.id);
    const sent = await this.parts.complete.publishingTo(events).handle({ ...message, payload: { ...message.payload, attemptId } }, signal);
    const response = payloadOf(sent, 'nexus.inference.v1.InferenceResponse');
    if (response === undefined) {
      // Another replica makes the call. It answers this very message only when that was taken over from it: two who ask at once are noted in one order, and may be opened in the other.
      const isTakenOver = message.deliveries > 1 && asker === question.asker;
      return isTakenOver ? sent : [refusalOf(message, keyInFlight())];
    }
    const isMade = this.parts.answered.find(question.tenantId, attemptId, question.requestHash) !== undefined || sent.some(({ channel }) => channel === 'usage.recorded');
    // The attempt id is made of the key, and the ledger keeps attempts for longer than answers are kept here: this one is of a question that is gone.
    if (!isMade && standing.isNew && errorOf(response)?.code === 'attempt_unknown' && (await this.skip(question, tries))) return this.ask(message, question, { ...standing, tries: tries + 1 }, signal);
    const told = isMade ? withoutRetry(response, isFree(sent, response)) : response;
    await this.note(question, standing, told, sent, events, isMade).catch((error: unknown) => {
      this.parts.logger.warn({ error, attempt: attemptId }, 'an answer could not be kept: who asks again is told that its outcome is not known');
    });
    return sent.map((each) => (each.channel === 'inference.response' ? ({ ...each, id: `${question.id}.response`, payload: create(InferenceResponseSchema, { ...told, attemptId: question.id }) }) : each));
  }

  private skip(question: KeyedQuestion, tries: number): Promise<boolean> {
    return this.parts.store.skip(question, tries).catch((error: unknown) => {
      this.parts.logger.warn({ error, question: question.id, tries }, 'a key that had expired could not be used again');
      return false;
    });
  }

  private async note(question: KeyedQuestion, standing: KeyedStanding, response: InferenceResponse, sent: readonly OutgoingMessage[], captured: CapturedEvents, isMade: boolean): Promise<void> {
    const { store, logger } = this.parts;
    const { tries } = standing;
    const error = errorOf(response);
    if (!isMade) {
      if (error === undefined || OPEN_ENDS.has(error.code)) return undefined;
      if (REFUSED_BY_LEDGER.has(error.code)) return store.refuse(question, tries);
      return NOT_HEARD.has(error.code) ? store.abandon(question, standing) : store.forget(question, standing);
    }
    if (error?.isRetryable) return store.tryAgain(question, tries);
    const events = response.parts > 0n && error === undefined ? captured.of(response.parts) : undefined;
    if (response.parts > 0n && error === undefined && events === undefined) return undefined; // too much to be kept
    const record = payloadOf(sent, 'nexus.usage.v1.UsageRecorded');
    const isKept = await store.keep(question, tries, {
      response: toBinary(InferenceResponseSchema, create(InferenceResponseSchema, { ...response, attemptId: question.id, parts: events === undefined ? 0n : 1n })),
      events,
      record: record && toBinary(UsageRecordedSchema, record),
    });
    if (!isKept) logger.warn({ question: question.id, tries }, 'an answer was not kept: another question, or another try, stands under its key');
  }
}

/** The answer as it was, for the one who asks again; the ledger, which may not have heard of it, is told again too. */
function again(message: Request, { response, events, record }: KeptAnswer): readonly OutgoingMessage[] {
  const { attemptId } = message.payload;
  const { tenantId, correlationId, trace } = message;
  const reply = { tenantId, correlationId, trace, to: message.replyTo };
  const messages: OutgoingMessage[] = [];
  if (events) messages.push(outgoing({ ...reply, channel: 'requests.progress', id: `${attemptId}.0`, payload: create(ProgressPartSchema, { messageId: attemptId, seq: 0n, part: { case: 'events', value: events } }) }));
  messages.push(outgoing({ ...reply, channel: 'inference.response', id: `${attemptId}.response`, partitionKey: attemptId, payload: fromBinary(InferenceResponseSchema, response) }));
  if (record) {
    const payload = fromBinary(UsageRecordedSchema, record);
    messages.push(outgoing({ tenantId, correlationId, trace, channel: 'usage.recorded', id: payload.attemptId, payload }));
  }
  return messages;
}

function errorOf({ outcome }: InferenceResponse) {
  return outcome.case === 'error' ? outcome.value : undefined;
}

function isFree(sent: readonly OutgoingMessage[], response: InferenceResponse): boolean {
  return payloadOf(sent, 'nexus.usage.v1.UsageRecorded') !== undefined && (response.spend?.costMicroUsd ?? 0n) === 0n;
}

/** An error after which the same key would be charged again: there is no retry under it. */
function withoutRetry(response: InferenceResponse, isFree: boolean): InferenceResponse {
  const { outcome } = response;
  if (outcome.case !== 'error' || !outcome.value.isRetryable || isFree) return response;
  const message = `${outcome.value.message} The call may have been charged, so it is not made again under this Idempotency-Key: use a new one.`;
  return create(InferenceResponseSchema, { ...response, outcome: { case: 'error', value: { ...outcome.value, message, isRetryable: false } } });
}

interface Payloads {
  readonly 'nexus.inference.v1.InferenceResponse': InferenceResponse;
  readonly 'nexus.usage.v1.UsageRecorded': UsageRecorded;
}

function payloadOf<N extends keyof Payloads>(sent: readonly OutgoingMessage[], name: N): Payloads[N] | undefined {
  return sent.find(({ payload }) => payload.$typeName === name)?.payload as Payloads[N] | undefined;
}
