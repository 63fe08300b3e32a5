import { AppError, isUuid } from '@nexus/core';
import pg from 'pg';
import { databaseError } from './database-error.js';

/** A prepared statement: the same name always goes with the same text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** One transaction of one tenant. */
export interface Tx {
  /** Rows of a prepared statement. Statements that are not awaited one by one travel together. */
  query<R extends object>(name: string, text: string, values?: readonly unknown[]): Promise<R[]>;
}

export interface DatabaseOptions {
  /** `postgres://` URL of the serving role; never the owner's, for which row-level security would not hold. */
  readonly url: string;
  /** Most connections; default 10. */
  readonly max?: number;
  readonly applicationName: string;
  /** Milliseconds after which the server gives up on a statement; default 30,000. */
  readonly statementTimeoutMs?: number;
  /** Told of a connection that was lost while nobody used it; the next query opens another. */
  readonly onIdleError?: (error: AppError) => void;
}

const INT8_OID = 20;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 60_000;

/**
 * A pool of connections, opened when they are needed. Every error is an AppError (see databaseError); nothing is retried here.
 * `bigint` columns come as numbers; one that a number cannot hold is an error, never rounded.
 */
export class Database {
  private constructor(private readonly pool: pg.Pool) {}

  static connect(options: DatabaseOptions): Database {
    const pool = new pg.Pool({
      connectionString: options.url,
      max: options.max ?? 10,
      application_name: options.applicationName,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      statement_timeout: options.statementTimeoutMs ?? 30_000,
      idle_in_transaction_session_timeout: options.statementTimeoutMs ?? 30_000,
      keepAlive: true,
      // Statements are sent without waiting for the answers before them: a transaction costs one or two round trips.
      pipeline: true,
      types: { getTypeParser: typeParser },
    });
    pool.on('error', (error) => options.onIdleError?.(databaseError(error)));
    return new Database(pool);
  }

  /**
   * One prepared statement in a transaction of its own, outside any tenant: for batch functions, which set the tenant themselves,
   * and for finder functions. One round trip.
   */
  async query<R extends object>(name: string, text: string, values: readonly unknown[] = []): Promise<R[]> {
    try {
      return (await this.pool.query<R>({ name, text, values: values as unknown[] })).rows;
    } catch (error) {
      throw databaseError(error);
    }
  }

  /** One transaction that sees the rows of this tenant only. Rolled back when `work` rejects. Two round trips for one statement. */
  async withTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const begin = `BEGIN; ${setTenant(tenantId)}`;
    return this.transaction(async (client) => {
      const begun = client.query(begin);
      const [, result] = await settleBoth(begun, work(txOf(client)));
      await commit(client);
      return result;
    });
  }

  /**
   * The statements of several tenants in one transaction, each group under its own tenant, in the order of the tenants' ids, so that
   * two such transactions never wait for each other in a circle. One round trip. Answers the rows of each statement, by tenant.
   */
  async withTenants<R extends object>(groups: ReadonlyMap<string, readonly Statement[]>): Promise<Map<string, R[][]>> {
    const tenantIds = [...groups.keys()].sort();
    const settings = tenantIds.map(setTenant);
    return this.transaction(async (client) => {
      const sent: Promise<pg.QueryResult<R>>[] = [];
      const controls = [client.query('BEGIN')];
      tenantIds.forEach((tenantId, index) => {
        controls.push(client.query(settings[index] as string));
        for (const statement of groups.get(tenantId) ?? []) {
          sent.push(client.query<R>({ name: statement.name, text: statement.text, values: [...(statement.values ?? [])] }));
        }
      });
      // The statements first: when one of them fails, what comes after it only says that the transaction is aborted.
      const [results] = await settleBoth(Promise.all(sent), Promise.all(controls), commit(client));
      let next = 0;
      return new Map(tenantIds.map((tenantId) => [tenantId, (groups.get(tenantId) ?? []).map(() => (results[next++] as pg.QueryResult<R>).rows)]));
    });
  }

  /** Resolves when the server answers; rejects with an AppError otherwise. */
  async ping(): Promise<void> {
    await this.query('ping', 'SELECT 1');
  }

  /** Waits for what is under way, then closes every connection. Idempotent. */
  async close(): Promise<void> {
    if (!this.pool.ending) await this.pool.end();
  }

  private async transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      throw databaseError(error);
    }
    // A connection that breaks fails its queries, and besides emits an error that would end the process if nobody listened.
    const onError = (): void => {};
    client.on('error', onError);
    let isBroken = false;
    try {
      return await work(client);
    } catch (error) {
      isBroken = await rollback(client);
      throw databaseError(error);
    } finally {
      client.off('error', onError);
      client.release(isBroken);
    }
  }
}

function txOf(client: pg.PoolClient): Tx {
  return {
    async query<R extends object>(name: string, text: string, values: readonly unknown[] = []): Promise<R[]> {
      try {
        return (await client.query<R>({ name, text, values: values as unknown[] })).rows;
      } catch (error) {
        throw databaseError(error);
      }
    },
  };
}

/** SET takes no parameters; a UUID is safe as text. */
function setTenant(tenantId: string): string {
  if (!isUuid(tenantId)) throw new AppError('tenant_missing', 'This needs a tenant.', { status: 400, param: 'tenant' });
  return `SET LOCAL app.tenant_id = '${tenantId}'`;
}

async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT');
  // What Postgres answers to the COMMIT of a transaction in which a statement failed.
  if (command === 'ROLLBACK') throw new AppError('transaction_rolled_back', 'The change was not made, because a part of it failed.');
}

/** True when the connection must not be used again. */
async function rollback(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return false;
  } catch {
    return true;
  }
}

/** Waits for all, so that no rejection is left alone, then throws the first in order. */
async function settleBoth<T extends readonly Promise<unknown>[]>(...promises: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return (await Promise.all(promises));
}

function typeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === INT8_OID && format !== 'binary') return safeInteger;
  return pg.types.getTypeParser(oid, format) as (value: string) => unknown;
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`a bigint beyond what a number holds: ${text}`);
  return value;
}
