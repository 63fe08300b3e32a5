import { plainArray, type Database } from '@nexus/postgres';
import { untouchedPlace, type PlaceState } from '../domain/place-state.js';

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

  /** The runs of these threads that are under way: the active one of each thread first, then those that wait, in their order. */
  async openRuns(tenantId: string, threadIds: readonly string[]): Promise<readonly { readonly runId: string; readonly isActive: boolean }[]> {
    return this.database.withTenant(tenantId, (tx) =>
      tx.query<{ runId: string; isActive: boolean }>(
        'open_runs',
        'SELECT id AS "runId", status = 2 AS "isActive" FROM orchestrator.run WHERE thread_id = ANY ($1::uuid[]) AND status IN (1, 2) ORDER BY status DESC, thread_seq',
        [threadIds],
      ));
  }
}
