import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ToolExecutedSchema, type ToolExecuted } from '@nexus/contracts';
import { GroupCommit, type Database, type Statement } from '@nexus/postgres';

export interface ExecutionKey {
  readonly tenantId: string;
  readonly executionId: string;
}

export interface OpenExecution extends ExecutionKey {
  readonly tool: string;
  /** Milliseconds that the call takes at most; 0 opens nothing and only tells what is there. */
  readonly timeoutMs: number;
}

/**
 * `ours`: open, and nobody but this owner may make the call. `settled`: made before. `elsewhere`: another replica may be making it.
 * `unknown`: whoever began it is gone, and may have made it. `absent`: nothing was opened.
 */
export type OpenedExecution =
  | { readonly state: 'ours' | 'elsewhere' | 'unknown' | 'absent' }
  | { readonly state: 'settled'; readonly answer: ToolExecuted };

interface Row {
  readonly id: string;
  readonly state: 'open' | 'settled';
  readonly owner: string;
  readonly is_over: boolean;
  readonly answer: Buffer | null;
}

/** Beyond a call's own time: an owner that lives has settled it by then. */
const SETTLES_WITHIN_MS = 10_000;

const INSERT = `INSERT INTO tools.execution (tenant_id, id, state, tool, owner, opened_at, expires_at)
  SELECT $1, wish.id, 'open', wish.tool, $2, now(), now() + wish.life_ms * interval '1 millisecond'
    FROM unnest($3::uuid[], $4::text[], $5::integer[]) AS wish (id, tool, life_ms) ORDER BY wish.id
  ON CONFLICT (tenant_id, id) DO NOTHING`;
const SELECT = `SELECT id, state, owner, expires_at < now() AS is_over, answer FROM tools.execution WHERE tenant_id = $1 AND id = ANY ($2::uuid[])`;
const SETTLE = `UPDATE tools.execution e SET state = 'settled', settled_at = now(), answer = told.answer
  FROM unnest($2::uuid[], $3::bytea[]) AS told (id, answer) WHERE e.tenant_id = $1 AND e.id = told.id AND e.state = 'open'`;

/**
 * The rows of executions that must not be made twice. Calls of one moment, of whatever tenants, share a transaction and one round trip.
 * Times are the database's, so that replicas with different clocks agree.
 */
export class ExecutionStore {
  private readonly opens: GroupCommit<OpenExecution, OpenedExecution>;
  private readonly settles: GroupCommit<ExecutionKey & { readonly answer: ToolExecuted }, ToolExecuted>;

  /** @param replica its name, the same after a restart. @param life another after each restart. */
  constructor(private readonly database: Database, private readonly replica: string, private readonly life: string) {
    this.opens = new GroupCommit({ commit: (wishes) => this.openAll(wishes), keysOf: (wish) => [keyOf(wish)] });
    this.settles = new GroupCommit({ commit: (answered) => this.settleAll(answered), keysOf: (answer) => [keyOf(answer)] });
  }

  /** Opens an execution that is not there yet, and says who may make the call. */
  open(wish: OpenExecution): Promise<OpenedExecution> {
    return this.opens.submit(wish);
  }

  /** Keeps the answer of an execution; answers the one that is kept, which is the first that was told. */
  settle(key: ExecutionKey, answer: ToolExecuted): Promise<ToolExecuted> {
    return this.settles.submit({ ...key, answer });
  }

  private async openAll(wishes: readonly OpenExecution[]): Promise<OpenedExecution[]> {
    const rows = await this.commit(wishes, (tenantId, group) => {
      const wanted = group.filter(({ timeoutMs }) => timeoutMs > 0);
      if (wanted.length === 0) return [];
      return [{
        name: 'execution_insert', text: INSERT,
        values: [tenantId, this.owner, wanted.map(({ executionId }) => executionId), wanted.map(({ tool }) => tool), wanted.map(({ timeoutMs }) => timeoutMs + SETTLES_WITHIN_MS)],
      }];
    });
    return rows.map((row) => this.opened(row));
  }

  private async settleAll(answered: readonly (ExecutionKey & { readonly answer: ToolExecuted })[]): Promise<ToolExecuted[]> {
    const rows = await this.commit(answered, (tenantId, group) => [{
      name: 'execution_settle', text: SETTLE,
      values: [tenantId, group.map(({ executionId }) => executionId), group.map(({ answer }) => Buffer.from(toBinary(ToolExecutedSchema, answer)))],
    }]);
    return answered.map(({ answer }, place) => (rows[place]?.answer ? fromBinary(ToolExecutedSchema, rows[place].answer) : answer));
  }

  /** Writes of all tenants, then the rows as they are after, in the order asked. */
  private async commit<Item extends ExecutionKey>(items: readonly Item[], writes: (tenantId: string, group: readonly Item[]) => readonly Statement[]): Promise<(Row | undefined)[]> {
    const groups = Map.groupBy(items, ({ tenantId }) => tenantId);
    const statements = new Map([...groups].map(([tenantId, group]): [string, Statement[]] => [
      tenantId,
      [...writes(tenantId, group), { name: 'execution_select', text: SELECT, values: [tenantId, group.map(({ executionId }) => executionId)] }],
    ]));
    const results = await this.database.withTenants<Row>(statements);
    const found = new Map([...results].flatMap(([tenantId, answers]) => (answers.at(-1) ?? []).map((row) => [keyOf({ tenantId, executionId: row.id }), row] as const)));
    return items.map((item) => found.get(keyOf(item)));
  }

  private opened(row: Row | undefined): OpenedExecution {
    if (row === undefined) return { state: 'absent' };
    if (row.answer !== null) return { state: 'settled', answer: fromBinary(ToolExecutedSchema, row.answer) };
    if (row.owner === this.owner) return { state: 'ours' };
    // This replica's earlier lives are over.
    return { state: row.is_over || row.owner.startsWith(`${this.replica} `) ? 'unknown' : 'elsewhere' };
  }

  private get owner(): string {
    return `${this.replica} ${this.life}`;
  }
}

const keyOf = ({ tenantId, executionId }: ExecutionKey): string => `${tenantId} ${executionId}`;
