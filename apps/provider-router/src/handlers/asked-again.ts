import { outgoing, type Message, type OutgoingMessage } from '@nexus/channels';
import { OpenedAttempt_State as State, metadataKeys, type OpenedAttempt } from '@nexus/contracts';
import { assertExhaustive } from '@nexus/core';
import { notSentOf, refusalOf, type Attempt } from './answer.js';
import type { AttemptOpener } from './attempt-opener.js';
import { attemptUnknown, elsewhere, notOpened, refused } from './refusals.js';

type Request = Message<'inference.request'>;

/** What follows when the ledger does not open the attempt of a request. Throws what those who wait are told; `in_flight_elsewhere` is nobody's to know. */
export function whenNotOpened(attempt: Attempt, opened: OpenedAttempt, opener: AttemptOpener, now: number): readonly OutgoingMessage[] {
  const { message } = attempt;
  switch (opened.state) {
    case State.IN_FLIGHT:
      if (opened.owner !== '') return leaveToOwner(message);
      if (opener.isUncalled(opened.attemptId)) return [refusalOf(message, notOpened()), notSentOf(attempt, notOpened(), now)];
      throw attemptUnknown();
    case State.SETTLED:
      if (opened.owner !== '' && message.payload.run) return [repeatOf(message, opened.owner)];
      throw attemptUnknown();
    case State.UNKNOWN:
      throw attemptUnknown();
    case State.OPENED:
    case State.REFUSED:
    case State.UNSPECIFIED:
      throw refused(opened.error);
    default:
      return assertExhaustive(opened.state);
  }
}

/**
 * Another owner, which is alive, will answer: the request is dropped. Were it to die, a run would ask again; for a plain completion nobody
 * would, so one that was taken over from a reader that may be dying is asked about until it is known.
 */
function leaveToOwner(message: Request): readonly OutgoingMessage[] {
  if (message.payload.run === undefined && message.deliveries > 1) throw elsewhere();
  return [];
}

/** Asks the owner, which is alive, for the answer that was lost after it: made anew it would cost once more. */
function repeatOf(message: Request, owner: string): OutgoingMessage {
  const { id, tenantId, correlationId, trace, replyTo, payload } = message;
  return outgoing({ channel: 'inference.repeat', id, tenantId, correlationId, trace, replyTo, payload, metadata: { [metadataKeys.owner]: owner } });
}
