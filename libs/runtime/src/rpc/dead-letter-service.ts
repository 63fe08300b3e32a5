import { create } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { outgoing, type ChannelBus } from '@nexus/channels';
import { AuditRecordedSchema, AuditRecorded_Risk, DeadLetterService, toWireError } from '@nexus/contracts';
import { AppError, SYSTEM_TENANT_ID, newId, type Clock } from '@nexus/core';
import type { DeadLetterSelection, DeadLetterSelections, DeadLetterStore } from '@nexus/postgres';
import { replayDeadLetters } from '../dead-letters/replay-dead-letters.js';
import { shownEntry } from '../dead-letters/shown-entry.js';
import type { Logger } from '../logger.js';
import { caller, requireAdmin, type Caller } from './caller.js';
import { countMessage, cursorAfter, fieldMessage, letterMessage, placeOf, selectionOf } from './dead-letter-messages.js';
import { bindRpc, type RpcBinding } from './rpc-service.js';

/** A service's letters, and what they are replayed and told with. */
export interface DeadLetterParts {
  readonly letters: DeadLetterStore;
  readonly selections: DeadLetterSelections;
  readonly bus: ChannelBus;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Whose letters these are. */
  readonly service: string;
}

/** Well below the deadline that calls between services have. */
const WORK_WITHIN_MS = 4_000;
const PURGED_AT_ONCE = 500;
const MOST_FAILURES = 20;
const MOST_LETTERS = 100;
const USUAL_LETTERS = 20;

/**
 * What the service could not handle: to an admin key its tenant's letters, to a service those of the tenant it names, else the system's.
 * Replay and purge are told to the audit; when telling fails they stand.
 */
export function deadLetterBinding(parts: DeadLetterParts): RpcBinding {
  const { letters, selections, clock } = parts;
  return bindRpc(DeadLetterService, {
    async listDeadLetters({ channel, reasonCode, consumerGroup: group, about, cursor, limit }, context) {
      const { tenantId } = ownerOf(context);
      const most = Math.min(Math.max(limit || USUAL_LETTERS, 1), MOST_LETTERS);
      const after = placeOf(cursor);
      const deadLetters = (await letters.list(tenantId, { channel, reasonCode, group, about, limit: most, ...(after && { after }) })).map(letterMessage);
      const last = deadLetters.at(-1);
      return { deadLetters, nextCursor: last?.lastSeenAt !== undefined && deadLetters.length === most ? cursorAfter({ lastSeenAt: last.lastSeenAt, id: last.id ?? '' }) : '' };
    },

    async countDeadLetters({ channel, reasonCode, consumerGroup: group }, context) {
      return { counts: (await letters.count(ownerOf(context).tenantId, { channel, reasonCode, group })).map(countMessage) };
    },

    async getDeadLetter({ id }, context) {
      const letter = await letters.find(ownerOf(context).tenantId, id);
      if (letter === undefined) throw new AppError('dead_letter_not_found', 'There is no such dead letter: it was replayed or purged, it expired, or it is of another tenant.', { status: 404, param: 'id' });
      const { fields, problem } = shownEntry(letter.channel, letter.raw);
      return { deadLetter: letterMessage(letter), fields: fields.map(fieldMessage), problem };
    },

    async replayDeadLetters({ selection, dryRun }, context) {
      const who = ownerOf(context);
      const which = selectionOf(selection, clock.now());
      const selected = await selections.count(who.tenantId, which);
      const seenUntil = BigInt(which.seenUntil.getTime());
      if (dryRun || selected === 0) return { selected, seenUntil, hasMore: false };
      const { replayed, failures, hasMore } = await replayDeadLetters(parts, who.tenantId, which, WORK_WITHIN_MS);
      if (replayed > 0) await tell(parts, who, 'dead_letters.replayed', which, { replayed, failed: failures.length });
      return { selected, replayed, hasMore, seenUntil, failures: failures.slice(0, MOST_FAILURES).map(({ id, error }) => ({ id, error: toWireError(error) })) };
    },

    async purgeDeadLetters({ selection, dryRun }, context) {
      const who = ownerOf(context);
      const which = selectionOf(selection, clock.now());
      const selected = await selections.count(who.tenantId, which);
      const seenUntil = BigInt(which.seenUntil.getTime());
      if (dryRun || selected === 0) return { selected, seenUntil, hasMore: false };
      const { purged, hasMore } = await purge(selections, who.tenantId, which);
      if (purged > 0) await tell(parts, who, 'dead_letters.purged', which, { purged });
      return { selected, purged, hasMore, seenUntil };
    },
  });
}

/** Who asks, with the tenant whose letters these are: a service that names none means the system. */
function ownerOf(context: HandlerContext): Caller {
  const who = caller(context);
  return who.kind === 'service' && who.tenantId === '' ? { ...who, tenantId: SYSTEM_TENANT_ID } : requireAdmin(context);
}

async function purge(selections: DeadLetterSelections, tenantId: string, selection: DeadLetterSelection): Promise<{ readonly purged: number; readonly hasMore: boolean }> {
  const until = performance.now() + WORK_WITHIN_MS;
  for (let purged = 0; ; ) {
    const gone = await selections.purge(tenantId, selection, PURGED_AT_ONCE);
    purged += gone;
    if (gone < PURGED_AT_ONCE) return { purged, hasMore: false };
    if (performance.now() > until) return { purged, hasMore: true };
  }
}

async function tell({ bus, clock, logger, service }: DeadLetterParts, who: Caller, action: string, selection: DeadLetterSelection, done: object): Promise<void> {
  const { ids = [], channel, reasonCode, group } = selection;
  const payload = create(AuditRecordedSchema, {
    actor: who.kind === 'service' ? 'service' : `key:${who.key?.id ?? ''}`,
    action,
    subject: service,
    before: JSON.stringify({ ids: ids.length === 0 ? undefined : ids, channel: channel || undefined, reason_code: reasonCode || undefined, service: group || undefined, seen_until: selection.seenUntil }),
    after: JSON.stringify(done),
    risk: action === 'dead_letters.purged' ? AuditRecorded_Risk.HIGH : AuditRecorded_Risk.MEDIUM,
    atMs: BigInt(clock.now()),
  });
  try {
    await bus.publish(outgoing({ channel: 'audit.recorded', id: newId(), tenantId: who.tenantId, trace: who.trace, correlationId: who.requestId, payload }));
  } catch (error) {
    logger.warn({ tenant: who.tenantId, action, error }, 'dead letters were replayed or purged, but the audit could not be told');
  }
}
