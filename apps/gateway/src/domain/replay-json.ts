import { RunStatus, type ReplayRunResponse, type ReplayedEvent } from '@nexus/contracts';

export interface ReplayJson {
  readonly object: 'run.replay';
  readonly run_id: string;
  readonly status: string;
  /** True when the replay came to all that is stored. */
  readonly is_same: boolean;
  readonly events: readonly object[];
  readonly divergences: readonly { readonly seq: number | null; readonly kind: string; readonly message: string }[];
}

/** A replay as the API shows it; fingerprints are 8 hex digits, null where none was stored. */
export function replayJson({ run, events, divergences }: ReplayRunResponse): ReplayJson {
  return {
    object: 'run.replay',
    run_id: run?.id ?? '',
    status: RunStatus[run?.status ?? RunStatus.UNSPECIFIED]?.toLowerCase() ?? 'unknown',
    is_same: divergences.length === 0,
    events: events.map(eventJson),
    divergences: divergences.map(({ seq, kind, message }) => ({ seq: seq < 0 ? null : seq, kind, message })),
  };
}

function eventJson(event: ReplayedEvent): object {
  return {
    seq: event.seq,
    kind: event.kind,
    created_at_ms: Number(event.createdAt),
    phase: event.phase,
    step: event.step,
    try_number: event.tryNumber,
    pending: event.pending,
    cost_micro_usd: Number(event.costMicroUsd),
    effects: event.effects.map(({ kind, step, tryNumber, delayMs, ids, part }) => ({ kind, step, try_number: tryNumber, delay_ms: Number(delayMs), ids, part: part || null })),
    stored_fingerprint: event.storedFingerprint === undefined ? null : hex(event.storedFingerprint),
    computed_fingerprint: hex(event.computedFingerprint),
  };
}

const hex = (fingerprint: number): string => (fingerprint >>> 0).toString(16).padStart(8, '0');
