import type { ChannelBus } from '@nexus/channels';
import { channels, type ChannelName } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { DeadLetterSelection, DeadLetterSelections } from '@nexus/postgres';

/** Where letters come from, and where they go. */
export interface ReplayParts {
  readonly selections: Pick<DeadLetterSelections, 'page' | 'beginReplay' | 'endReplay' | 'abandonReplay'>;
  readonly bus: Pick<ChannelBus, 'publishRaw'>;
}

/** A letter that could not be published, and stays. */
export interface ReplayFailure {
  readonly id: string;
  readonly error: AppError;
}

/** What came of a replay. */
export interface Replayed {
  readonly replayed: number;
  readonly failures: readonly ReplayFailure[];
  /** True when time was over, or the bus away, before all were tried. */
  readonly hasMore: boolean;
}

const AT_ONCE = 50;

/**
 * Publishes what is selected again, oldest first, for about `withinMs`. A letter is kept until its entry is on the channel, so one that is
 * replayed while this process dies may be published twice: handlers know what they have handled.
 */
export async function replayDeadLetters({ selections, bus }: ReplayParts, tenantId: string, selection: DeadLetterSelection, withinMs: number): Promise<Replayed> {
  const until = performance.now() + withinMs;
  const failures: ReplayFailure[] = [];
  let replayed = 0;
  for (let page = await selections.page(tenantId, selection, AT_ONCE); page.length > 0; page = await selections.page(tenantId, selection, AT_ONCE, page.at(-1))) {
    const letters = await selections.beginReplay(tenantId, page.map(({ id }) => id));
    // All in one turn: they travel together, and in this order.
    const outcomes = await Promise.allSettled(letters.map(({ channel, raw }) => publish(bus, channel, raw)));
    const failed = outcomes.flatMap((outcome, i) => (outcome.status === 'rejected' ? [{ id: letters[i]?.id ?? '', error: AppError.from(outcome.reason) }] : []));
    const failedIds = new Set(failed.map(({ id }) => id));
    const published = letters.filter(({ id }) => !failedIds.has(id)).map(({ id }) => id);
    if (published.length > 0) await selections.endReplay(tenantId, published);
    if (failedIds.size > 0) await selections.abandonReplay(tenantId, [...failedIds]);
    replayed += published.length;
    failures.push(...failed);
    if (failed.some(({ error }) => error.isRetryable) || performance.now() > until) return { replayed, failures, hasMore: true };
  }
  return { replayed, failures, hasMore: false };
}

async function publish(bus: ReplayParts['bus'], channel: string, raw: Buffer): Promise<void> {
  if (!Object.hasOwn(channels, channel)) throw new AppError('unknown_channel', `This version of NEXUS has no channel ${channel}.`, { status: 400 });
  await bus.publishRaw(channel as ChannelName, raw);
}
