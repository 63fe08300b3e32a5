import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ProcessedRequestSchema, type ProcessedRequest } from '@nexus/contracts';
import { deleteExpired, type Database } from '@nexus/postgres';
import type { PlaceState } from '../domain/place-state.js';
import type { PlaceName } from '../domain/run-ids.js';

/** Runs that a command ends: first those that wait, as the end of an active one would let them begin. */
export interface StoppedRuns {
  readonly waiting: readonly string[];
  readonly active: readonly string[];
}

/** What came of a command. */
export interface KeptCommand {
  readonly answer: ProcessedRequest;
  readonly stopped: StoppedRuns;
}

/** A command that is to be kept, with what it changes. */
export interface NewCommand extends KeptCommand {
  readonly tenantId: string;
  readonly id: string;
  /** How its place stands from now on; undefined when that stays. */
  readonly place: { readonly id: string; readonly name: PlaceName; readonly state: PlaceState } | undefined;
}

/** Commands with their answers, kept for 30 days by the database's clock. */
export class CommandStore {
  constructor(private readonly database: Database) {}

  async get(tenantId: string, id: string): Promise<KeptCommand | undefined> {
    const [row] = await this.database.withTenant(tenantId, (tx) =>
      tx.query<StoppedRuns & { answer: Buffer }>('command_get', 'SELECT answer, waiting, active FROM orchestrator.command WHERE id = $1', [id]));
    return row && { answer: fromBinary(ProcessedRequestSchema, row.answer), stopped: { waiting: row.waiting, active: row.active } };
  }

  /** Keeps a command and changes its place, in one transaction. False when the lease is no longer held, or the command is there: then nothing was stored. */
  async accept(lease: { readonly partition: number; readonly epoch: number }, now: number, { tenantId, id, answer, stopped, place }: NewCommand): Promise<boolean> {
    const [row] = await this.database.query<{ stored: boolean }>(
      'accept_command',
      'SELECT orchestrator.accept_command($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS stored',
      [
        lease.partition, lease.epoch, new Date(now), tenantId, id, Buffer.from(toBinary(ProcessedRequestSchema, answer)), stopped.waiting, stopped.active,
        place?.id ?? null, place?.name.surface ?? null, place?.name.chatId ?? null, place?.name.topicId ?? null, place?.state.generation ?? null, place?.state.model ?? null,
      ],
    );
    return row?.stored === true;
  }

  /** Deletes what has expired. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'orchestrator', 'command');
  }
}
