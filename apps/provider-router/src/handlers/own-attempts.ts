import { create } from '@bufbuild/protobuf';
import type { ChannelBus, OutgoingMessage } from '@nexus/channels';
import { UsageRecordedSchema, type AttemptRef } from '@nexus/contracts';
import type { AnsweredCalls } from './answered-calls.js';
import type { AttemptOpener } from './attempt-opener.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { CallsUnderWay } from './calls-under-way.js';

export interface OwnAttemptsParts {
  readonly bus: Pick<ChannelBus, 'publishAll'>;
  readonly calls: CallsUnderWay;
  readonly answered: AnsweredCalls;
  readonly attempts: AttemptOpener;
  readonly owner: AttemptOwner;
}

/** What this life answers when the ledger holds attempts of it for open since a while. */
export class OwnAttempts {
  constructor(private readonly parts: OwnAttemptsParts) {}

  /** What is under way goes on; what was answered is told again; what was never called is given back; of the rest nobody knows. */
  tell(attempts: readonly AttemptRef[]): void {
    const { bus, calls, answered, attempts: opener, owner } = this.parts;
    for (const attempt of attempts) {
      if (calls.find(attempt.attemptId)) continue;
      const messages = answered.find(attempt.tenantId, attempt.attemptId) ?? [];
      if (messages.some(({ channel }) => channel === 'usage.recorded')) bus.publishAll(messages.map(toldByOwner)).catch(() => undefined); // then it is asked about again
      else owner.say(opener.isUncalled(attempt.attemptId) ? 'uncalled' : 'lost', attempt);
    }
  }
}

/** The ledger shall say that it heard of it only when it asked. */
function toldByOwner(message: OutgoingMessage): OutgoingMessage {
  const { payload } = message;
  return payload.$typeName === 'nexus.usage.v1.UsageRecorded' ? { ...message, payload: create(UsageRecordedSchema, { ...payload, resolution: 'owner' }) } : message;
}
