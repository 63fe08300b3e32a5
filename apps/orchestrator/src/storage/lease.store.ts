import type { Database } from '@nexus/postgres';

/** Who reads a partition of requests.incoming: one replica at a time, by the database's clock. */
export class LeaseStore {
  constructor(private readonly database: Database) {}

  /** The epoch of the lease; undefined while another replica holds it. One that dies leaves it free after `lifeMs`; the same owner gets it back at once. */
  async take(partition: number, owner: string, lifeMs: number): Promise<number | undefined> {
    const [row] = await this.database.query<{ epoch: number | null }>('take_lease', 'SELECT orchestrator.take_lease($1, $2, $3) AS epoch', [partition, owner, lifeMs]);
    return row?.epoch ?? undefined;
  }

  /** False when the lease has a new epoch: someone else reads. With a life of 0 it is given up. */
  async renew(partition: number, epoch: number, lifeMs: number): Promise<boolean> {
    const [row] = await this.database.query<{ held: boolean }>('renew_lease', 'SELECT orchestrator.renew_lease($1, $2, $3) AS held', [partition, epoch, lifeMs]);
    return row?.held === true;
  }
}
