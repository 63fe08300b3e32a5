import type { Redis } from 'ioredis';
import type { Query } from '../faults/fault.js';
import { isAfter } from '../load/sightings.js';
import type { DeadLetterRow, Leftover, StoredAttempt, StoredBudget, StoredRun, StoredSum } from './evidence.js';

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

interface AttemptRow { readonly id: string; readonly state: string; readonly reserved: string; readonly opened: number; readonly settled: number | null; readonly cost: string | null; readonly input: string; readonly output: string; readonly estimated: boolean; readonly result: string; readonly error: string; readonly resolution: string }

/** What Postgres holds in the end, read as a superuser past every proxy. */
export class StoredState {
  private readonly query: Query;

  constructor(query: Query) {
    this.query = query;
  }

  async runs(): Promise<StoredRun[]> {
    const rows = await this.query<{ id: string; message: string; thread: string; seq: number; status: number; created: number; finished: number | null }>(
      `SELECT id, message_id AS message, thread_id AS thread, thread_seq AS seq, status, ${ms('created_at')} AS created, ${ms('finished_at')} AS finished FROM orchestrator.run`);
    return rows.map((row) => ({ runId: row.id, messageId: row.message, threadId: row.thread, threadSeq: row.seq, status: row.status, createdAt: row.created, finishedAt: row.finished ?? undefined }));
  }

  async attempts(): Promise<StoredAttempt[]> {
    const columns = await this.query(`SELECT 1 FROM information_schema.columns WHERE table_schema = 'usage' AND table_name = 'ledger' AND column_name = 'resolution'`);
    const resolution = columns.length === 0 ? `''` : 'l.resolution';
    const rows = await this.query<AttemptRow>(
      `SELECT a.id, a.state, a.reserved_micro_usd AS reserved, ${ms('a.opened_at')} AS opened, ${ms('a.settled_at')} AS settled, l.cost_micro_usd AS cost,
              l.input_tokens AS input, l.output_tokens AS output, l.is_estimated AS estimated, l.result, l.error_code AS error, ${resolution} AS resolution
         FROM usage.attempt a LEFT JOIN usage.ledger l ON l.tenant_id = a.tenant_id AND l.attempt_id = a.id`);
    return rows.map((row) => ({
      attemptId: row.id, state: row.state, reserved: Number(row.reserved), openedAt: row.opened, settledAt: row.settled ?? undefined,
      ledger: row.cost === null ? undefined : { cost: Number(row.cost), input: Number(row.input), output: Number(row.output), isEstimated: row.estimated, result: row.result, errorCode: row.error, resolution: row.resolution },
    }));
  }

  async budgets(): Promise<StoredBudget[]> {
    const rows = await this.query<{ name: string; spent: string; reserved: string; sum: string }>(
      `SELECT b.name, coalesce(u.spent_micro_usd, 0) AS spent, coalesce(u.reserved_micro_usd, 0) AS reserved,
              (SELECT coalesce(sum(l.cost_micro_usd), 0) FROM usage.ledger l WHERE l.tenant_id = b.tenant_id AND l.day >= u.window_start) AS sum
         FROM usage.budget b LEFT JOIN usage.budget_use u ON u.tenant_id = b.tenant_id AND u.budget_id = b.id WHERE b.scope = 'tenant'`);
    return rows.map((row) => ({ name: row.name, spent: Number(row.spent), reserved: Number(row.reserved), ledgerSum: Number(row.sum) }));
  }

  /** Every day and model that the sums or the rows know. */
  async sums(): Promise<StoredSum[]> {
    const figures = (from: string, attempts: string): string => `SELECT day, provider, model, ${attempts} AS attempts, sum(cost_micro_usd) AS cost, sum(input_tokens + cache_read_tokens + output_tokens + reasoning_tokens) AS tokens
      FROM ${from} GROUP BY day, provider, model`;
    const rows = await this.query<Record<'name' | 'attempts' | 'cost' | 'tokens' | 'row_attempts' | 'row_cost' | 'row_tokens', string>>(
      `SELECT concat_ws(' ', day, provider, model) AS name, coalesce(s.attempts, 0) AS attempts, coalesce(s.cost, 0) AS cost, coalesce(s.tokens, 0) AS tokens,
              coalesce(l.attempts, 0) AS row_attempts, coalesce(l.cost, 0) AS row_cost, coalesce(l.tokens, 0) AS row_tokens
         FROM (${figures("usage.ledger_sum WHERE provider <> 'tool'", 'sum(attempts)')}) s FULL JOIN (${figures("usage.ledger WHERE tool = ''", 'count(*) FILTER (WHERE correction = 0)')}) l USING (day, provider, model)`);
    return rows.map((row) => ({
      name: row.name,
      reported: { attempts: Number(row.attempts), cost: Number(row.cost), tokens: Number(row.tokens) },
      ofRows: { attempts: Number(row.row_attempts), cost: Number(row.row_cost), tokens: Number(row.row_tokens) },
    }));
  }

  async deadLetters(): Promise<DeadLetterRow[]> {
    const tables = await this.query<{ schema: string }>(`SELECT table_schema AS schema FROM information_schema.tables WHERE table_name = 'dead_letter'`);
    const found: DeadLetterRow[] = [];
    for (const { schema } of tables) {
      const rows = await this.query<DeadLetterRow>(`SELECT $1 AS schema, channel, coalesce(message_id, '') AS "messageId", reason FROM ${schema}.dead_letter`, [schema]);
      found.push(...rows);
    }
    return found;
  }

  /** Runs, attempts and answers that are not finished. */
  async underWay(): Promise<number> {
    const rows = await this.query<{ count: string }>(
      `SELECT (SELECT count(*) FROM orchestrator.run WHERE status < 3 OR reply_due) + (SELECT count(*) FROM usage.attempt WHERE state IN ('open', 'unknown')) AS count`);
    return Number(rows[0]?.count ?? 0);
  }
}

/** Which service's group reads each channel of work. */
const groups: Readonly<Record<string, string>> = {
  'requests.incoming': 'orchestrator', 'inference.request': 'provider-router', 'inference.response': 'orchestrator', 'tools.execute': 'tool-executor',
  'tools.results': 'orchestrator', 'usage.recorded': 'usage', 'audit.recorded': 'settings',
};

/** What the channels hold that their services have not finished. */
export async function leftovers(redis: Redis): Promise<Leftover[]> {
  return Promise.all(Object.entries(groups).map(async ([channel, name]) => {
    const found = (await redis.xinfo('GROUPS', channel).catch(noSuchKey)) as unknown[][];
    const group = found.map((fields) => Object.fromEntries(pairs(fields))).find((one) => one['name'] === name);
    const [last, length] = await Promise.all([redis.xrevrange(channel, '+', '-', 'COUNT', 1), redis.xlen(channel)]);
    return leftoverOf(channel, group, { last: last[0]?.[0], length });
  }));
}

/** What is left in a stream of `length` entries up to the id `last`; `group` is what XINFO GROUPS says of its group, undefined when there is none. */
export function leftoverOf(channel: string, group: Readonly<Record<string, unknown>> | undefined, { last, length }: { readonly last: string | undefined; readonly length: number }): Leftover {
  if (group === undefined) return { channel, pending: 0, lag: length };
  // Redis tells no lag where entries were deleted, or the group began at an id that is none of an entry; and one that is too large for ever once it
  // has read its append-only file back, where reads are written without their count.
  const isAllRead = last === undefined || !isAfter(last, String(group['last-delivered-id']));
  return { channel, pending: Number(group['pending']), lag: isAllRead ? 0 : typeof group['lag'] === 'number' && group['lag'] > 0 ? group['lag'] : length };
}

/** A channel that nobody has published to holds nothing. */
function noSuchKey(error: Error): [] {
  if (/no such key/i.test(error.message)) return [];
  throw error;
}

function pairs(fields: readonly unknown[]): [string, unknown][] {
  return fields.flatMap((field, index): [string, unknown][] => (index % 2 === 0 ? [[String(field), fields[index + 1]]] : []));
}
