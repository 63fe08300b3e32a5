import type { Run, RunEvent, StoredRunEvent } from '@nexus/contracts';

/** How long something waited for its turn and how long it then took, milliseconds; undefined where that was not told. */
export interface EventTiming {
  readonly waitedMs?: number | undefined;
  readonly workedMs?: number | undefined;
}

const BAR_WIDTH = 24;
const BEFORE = '·';
const WAITED = '░';
const WORKED = '█';

/** What an event tells of time: of a model or tool call its wait in the queue and its work, of a run its wait before it began. */
export function timingOf(event: StoredRunEvent['event'] | undefined, { createdAt }: Pick<RunEvent, 'createdAt'>, run: Pick<Run, 'createdAt'>): EventTiming {
  switch (event?.case) {
    case 'accepted': return { waitedMs: milliseconds(event.value.waitedMs) };
    case 'started': return { waitedMs: Number(createdAt - run.createdAt) };
    case 'modelAnswered':
    case 'modelFailed': return { waitedMs: milliseconds(event.value.waitedMs), workedMs: milliseconds(event.value.spend?.durationMs) };
    case 'toolFinished': return { waitedMs: milliseconds(event.value.executed?.waitedMs), workedMs: milliseconds(event.value.executed?.durationMs) };
    default: return {};
  }
}

/** Where in a run of `totalMs` something stands that ended at `endMs`: light blocks while it waited, full ones while it was worked on. */
export function timeBar({ waitedMs = 0, workedMs = 0 }: EventTiming, endMs: number, totalMs: number): string {
  if (totalMs <= 0 || waitedMs + workedMs <= 0) return '';
  const place = (ms: number): number => Math.min(BAR_WIDTH, Math.max(0, Math.round((ms / totalMs) * BAR_WIDTH)));
  const end = Math.max(place(endMs), 1);
  const begin = Math.min(place(endMs - workedMs - waitedMs), end - 1);
  const work = workedMs > 0 ? Math.max(begin, Math.min(place(endMs - workedMs), end - 1)) : end;
  return BEFORE.repeat(begin) + WAITED.repeat(work - begin) + WORKED.repeat(end - work);
}

const milliseconds = (told: bigint | undefined): number | undefined => (told === undefined ? undefined : Number(told));
