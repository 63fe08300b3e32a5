import { createHash } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema } from '@nexus/contracts';
import { Redis } from 'ioredis';

/** An entry of requests.processed, as everybody can see it. */
export interface Sighting {
  /** The key of the stream that held it. */
  readonly stream: string;
  readonly entryId: string;
  readonly messageId: string;
  readonly at: number;
  readonly outcome: 'answered' | 'failed' | 'cancelled' | 'refused' | 'other';
  readonly errorCode: string;
  /** A refusal that invites to come again is no answer. */
  readonly isRetryable: boolean;
  readonly text: string;
  /** Of the payload: two sightings with the same one say the same. */
  readonly hash: string;
}

/** An entry as Redis clients give it: its id, and its fields and values in turn. */
export type RawEntry = readonly [Uint8Array, readonly Uint8Array[]];

/** Reads streams of answers without a group, and so sees every entry that they ever hold. */
export class Sightings {
  readonly all: Sighting[] = [];
  private readonly redis: Redis;
  private readonly last: Map<string, string>;
  private readonly onSighting: (sighting: Sighting) => void;
  private isStopped = false;

  constructor(url: string, streams: readonly string[], onSighting: (sighting: Sighting) => void) {
    this.redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
    this.redis.on('error', () => undefined);
    this.last = new Map(streams.map((stream) => [stream, '0-0']));
    this.onSighting = onSighting;
    void this.follow();
  }

  /** The keys that are read. */
  get streams(): string[] {
    return [...this.last.keys()];
  }

  /** Takes entries that were read in another way; those seen before are dropped. */
  take(stream: string, entries: readonly RawEntry[]): void {
    for (const [rawId, fields] of entries) {
      const entryId = textOf(rawId);
      if (!isAfter(entryId, this.last.get(stream) ?? '0-0')) continue;
      this.last.set(stream, entryId);
      const sighting = sightingOf(stream, entryId, fields);
      this.all.push(sighting);
      this.onSighting(sighting);
    }
  }

  stop(): void {
    this.isStopped = true;
    this.redis.disconnect();
  }

  private async follow(): Promise<void> {
    while (!this.isStopped) {
      const read = await this.redis.xreadBuffer('COUNT', 500, 'BLOCK', 500, 'STREAMS', ...this.last.keys(), ...this.last.values()).catch(() => undefined);
      for (const [stream, entries] of (read ?? []) as unknown as [Uint8Array, RawEntry[]][]) this.take(textOf(stream), entries);
    }
  }
}

function sightingOf(stream: string, entryId: string, fields: readonly Uint8Array[]): Sighting {
  const at = fields.findIndex((field, place) => place % 2 === 0 && textOf(field) === 'payload');
  const payload = fields[at + 1] ?? new Uint8Array();
  const answer = fromBinary(ProcessedRequestSchema, payload);
  return {
    stream, entryId, messageId: answer.messageId, at: Date.now(),
    outcome: wordOf(answer.outcome), errorCode: answer.error?.code ?? '', isRetryable: answer.outcome === Outcome.REFUSED && answer.error?.isRetryable === true,
    text: answer.text, hash: createHash('sha256').update(payload).digest('hex').slice(0, 16),
  };
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

function wordOf(outcome: Outcome): Sighting['outcome'] {
  switch (outcome) {
    case Outcome.ANSWERED: return 'answered';
    case Outcome.FAILED: return 'failed';
    case Outcome.CANCELLED: return 'cancelled';
    case Outcome.REFUSED: return 'refused';
    default: return 'other';
  }
}

/** Whether one stream id comes after another. */
export function isAfter(a: string, b: string): boolean {
  const [aMs = 0, aPlace = 0] = a.split('-').map(Number);
  const [bMs = 0, bPlace = 0] = b.split('-').map(Number);
  return aMs > bMs || (aMs === bMs && aPlace > bPlace);
}
