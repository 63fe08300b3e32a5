// A Database that can say what its statements cost Postgres.
const COUNTED = { buffers: ['Shared Hit Blocks', 'Shared Read Blocks'], walBytes: ['WAL Bytes'], walRecords: ['WAL Records'], fullPages: ['WAL FPI'] };

/** While it measures, statements outside a tenant answer no rows: EXPLAIN runs them and tells of them. */
export class MeasuredDatabase {
  #database;
  #sums;

  constructor(database) {
    this.#database = database;
  }

  async query(name, text, values) {
    if (this.#sums === undefined) return this.#database.query(name, text, values);
    const [row] = await this.#database.query(`explain_${name}`, `EXPLAIN (ANALYZE, BUFFERS, WAL, TIMING OFF, FORMAT JSON) ${text}`, values);
    const plan = row['QUERY PLAN'][0].Plan;
    const sums = (this.#sums[name] ??= { buffers: 0, walBytes: 0, walRecords: 0, fullPages: 0 });
    for (const [sum, fields] of Object.entries(COUNTED)) for (const field of fields) sums[sum] += plan[field] ?? 0;
    return [];
  }

  withTenant(tenantId, work) {
    return this.#database.withTenant(tenantId, work);
  }

  /** What the statements of `work` cost, by the name of the statement. */
  async measure(work) {
    this.#sums = {};
    try {
      await work();
      return this.#sums;
    } finally {
      this.#sums = undefined;
    }
  }
}
