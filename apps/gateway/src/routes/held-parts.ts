import type { ChannelBus } from '@nexus/channels';
import type { ProgressMessage } from '@nexus/runtime';
import { entryIdBefore, isEntryId } from '../domain/entry-id.js';

/** What the channel still holds of one run. */
export interface HeldParts {
  /** The last part that the reader saw, when it is held: then `parts` are all that followed it. */
  readonly seen: ProgressMessage | undefined;
  readonly parts: readonly ProgressMessage[];
  /** Nothing is missing: neither before the first part nor between what the reader saw and that. */
  readonly isWhole: boolean;
}

/** Entries that are looked through at most. */
const MOST_ENTRIES = 50_000;

/** The parts of a run after the event that its reader saw last, else all that are held. */
export async function readHeldParts(bus: Pick<ChannelBus, 'history'>, tenantId: string, runId: string, lastEventId: string | undefined): Promise<HeldParts> {
  const isOfRun = ({ tenantId: tenant, payload }: ProgressMessage): boolean => tenant === tenantId && payload.runId === runId;
  if (lastEventId !== undefined && isEntryId(lastEventId)) {
    // what the channel drops it drops from its beginning: while it holds the last event, it holds all that followed
    const isHeld = (first: ProgressMessage): boolean => first.entryId === lastEventId && isOfRun(first);
    const [seen, ...parts] = (await readFrom(bus, entryIdBefore(lastEventId), isOfRun, isHeld)) ?? [];
    if (seen !== undefined) return { seen, parts, isWhole: true };
  }
  const parts = (await readFrom(bus, '0', isOfRun, () => true)) ?? [];
  return { seen: undefined, parts, isWhole: lastEventId === undefined && parts[0]?.payload.part.case === 'accepted' };
}

/** Undefined when the first entry is not as it must be, or when there are too many to look through. */
async function readFrom(bus: Pick<ChannelBus, 'history'>, from: string, isOfRun: (part: ProgressMessage) => boolean, isRight: (first: ProgressMessage) => boolean): Promise<readonly ProgressMessage[] | undefined> {
  const parts: ProgressMessage[] = [];
  let after = from;
  for (let read = 0; read < MOST_ENTRIES; ) {
    const page = await bus.history('requests.progress', after);
    const [first, last] = [page[0], page.at(-1)];
    if (read === 0 && first && !isRight(first)) return undefined;
    if (!last) return parts;
    read += page.length;
    parts.push(...page.filter(isOfRun));
    after = last.entryId;
  }
  return undefined;
}
