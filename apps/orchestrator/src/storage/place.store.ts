import { plainArray, type Database } from '@nexus/postgres';
import { untouchedPlace, type PlaceState } from '../domain/place-state.js';
import type { StoppedRuns } from './command.store.js';

/** A place by its id. */
export interface TenantPlace {
  readonly tenantId: string;
  readonly id: string;
}

/** How places stand in Postgres; they are changed by commands, with CommandStore. */
export class PlaceStore {
  constructor(private readonly database: Database) {}

  /** By place in `asked`. One round trip. */
  async load(asked: readonly TenantPlace[]): Promise<readonly PlaceState[]> {
    const rows = await this.database.query<PlaceState & { place: number }>('load_places', 'SELECT * FROM orchestrator.load_places($1, $2)', [
      plainArray(asked.map(({ tenantId }) => tenantId)), plainArray(asked.map(({ id }) => id)),
    ]);
    const states = asked.map(() => untouchedPlace);
    for (const { place, generation, model } of rows) states[place - 1] = { generation, model };
    return states;
  }

  /** The runs of these threads that are under way, in the order of their threads. */
  async openRuns(tenantId: string, threadIds: readonly string[]): Promise<StoppedRuns> {
    const rows = await this.database.withTenant(tenantId, (tx) =>
      tx.query<{ id: string; isActive: boolean }>(
        'open_runs',
        'SELECT id, status = 2 AS "isActive" FROM orchestrator.run WHERE thread_id = ANY ($1::uuid[]) AND status IN (1, 2) ORDER BY thread_seq',
        [threadIds],
      ));
    const idsOf = (isActive: boolean): string[] => rows.filter((row) => row.isActive === isActive).map(({ id }) => id);
    return { waiting: idsOf(false), active: idsOf(true) };
  }
}
