import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { RunStatus } from '@nexus/contracts';

/** A run as it was stored, with the answer that was published for it. */
export interface History {
  /** What it is an example of. */
  readonly kind: string;
  readonly runId: string;
  readonly threadId: string;
  readonly queuedBehind: number;
  readonly status: RunStatus;
  /** The rows of run_event, in order: when (Unix milliseconds), the stored fingerprint (null where the database added the event), StoredRunEvent. */
  readonly events: readonly { readonly at: number; readonly fingerprint: number | null; readonly payload: Uint8Array }[];
  /** ProcessedRequest; undefined while the run is not over. */
  readonly answer: Uint8Array | undefined;
}

type Line = readonly [kind: string, runId: string, threadId: string, queuedBehind: number, status: number, events: readonly (readonly [at: number, fingerprint: number | null, payload: string])[], answer: string | null];

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytes = (latin1: string): Uint8Array => Buffer.from(latin1, 'latin1');

/** Gzip'd JSON lines, an array a run; bytes are text of one character a byte, so that what was said can be searched (`zgrep`). */
export function writeHistories(file: string, histories: readonly History[]): void {
  const lines = histories.map(({ kind, runId, threadId, queuedBehind, status, events, answer }): Line =>
    [kind, runId, threadId, queuedBehind, status, events.map(({ at, fingerprint, payload }) => [at, fingerprint, text(payload)] as const), answer === undefined ? null : text(answer)]);
  writeFileSync(file, gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { level: 9 }), { flag: 'wx' }); // never in the place of another
}

export function readHistories(file: string): readonly History[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [kind, runId, threadId, queuedBehind, status, events, answer] = JSON.parse(line) as Line;
    return { kind, runId, threadId, queuedBehind, status, events: events.map(([at, fingerprint, payload]) => ({ at, fingerprint, payload: bytes(payload) })), answer: answer === null ? undefined : bytes(answer) };
  });
}
