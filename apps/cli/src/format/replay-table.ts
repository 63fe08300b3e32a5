import { RunStatus, type DecidedEffect, type ReplayRunResponse, type ReplayedEvent } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';
import { count } from './count.js';
import { formatDuration } from './duration.js';
import { oneLine } from './one-line.js';
import type { Paint } from './paint.js';
import { table } from './table.js';

const COLUMNS = [
  { title: 'EVENT', align: 'right' }, { title: 'AFTER', align: 'right' }, { title: 'WHAT' }, { title: 'PHASE' }, { title: 'STEP', align: 'right' }, { title: 'TRY', align: 'right' },
  { title: 'OPEN' }, { title: 'COST', align: 'right' }, { title: 'STORED' }, { title: 'NOW' }, { title: 'DECIDED' },
] as const;
const LONGEST_MESSAGE = 300;

/**
 * A replay, a line for each event: the state after it (what it waits for, step, try, places of tools without a result, cost so far), the
 * fingerprint that was stored beside the one computed now, and what was decided. Where they differ a line says how.
 */
export function replayTable({ run, events, divergences }: ReplayRunResponse, paint: Paint): string[] {
  const [title = '', ...rows] = table(COLUMNS, events.map((event) => rowOf(event, run?.createdAt ?? event.createdAt)));
  const toldWhere = (isHere: (seq: number) => boolean) => divergences.filter(({ seq }) => isHere(seq)).map(({ message }) => paint('red', `DIVERGES: ${oneLine(message, LONGEST_MESSAGE)}`));
  const shown = new Set(events.map(({ seq }) => seq));
  return [
    `run ${run?.id ?? '?'}: ${RunStatus[run?.status ?? 0]?.toLowerCase() ?? 'unknown'}, ${count(events.length, 'event')} decided about again`,
    '', title,
    ...rows.flatMap((row, i) => [row, ...toldWhere((seq) => seq === events[i]?.seq)]),
    ...toldWhere((seq) => !shown.has(seq)),
    '', summary(events, divergences.length, paint),
  ];
}

function summary(events: readonly ReplayedEvent[], differences: number, paint: Paint): string {
  if (differences > 0) return paint('red', `NOT the same: ${count(differences, 'difference')}.`);
  const compared = events.filter((event) => event.storedFingerprint !== undefined).length;
  return paint('green', `The same: ${count(events.length, 'state')}, ${compared} of them held against a stored fingerprint.`);
}

function rowOf(event: ReplayedEvent, began: bigint): string[] {
  return [
    String(event.seq), `+${formatDuration(Number(event.createdAt - began))}`, event.kind.replaceAll('_', ' '), event.phase, event.step > 0 ? String(event.step) : '', event.step > 0 ? String(event.tryNumber) : '',
    event.pending.join(' '), formatUsd(Number(event.costMicroUsd)), hex(event.storedFingerprint), hex(event.computedFingerprint), event.effects.map(wordsOf).join(', '),
  ];
}

/** Unset where the database added the event itself. */
const hex = (fingerprint: number | undefined): string => (fingerprint === undefined ? '-' : (fingerprint >>> 0).toString(16).padStart(8, '0'));

function wordsOf({ kind, step, tryNumber, delayMs, ids, part }: DecidedEffect): string {
  switch (kind) {
    case 'call_model': return `call model (step ${step}, try ${tryNumber})${delayMs > 0n ? ` in ${formatDuration(Number(delayMs))}` : ''}`;
    case 'execute_tools': return `make ${count(ids.length, 'tool call')}`;
    case 'progress': return `tell ${part.replaceAll('_', ' ')}`;
    default: return kind.replaceAll('_', ' ');
  }
}
