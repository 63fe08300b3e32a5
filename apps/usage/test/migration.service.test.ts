import { newId } from '@nexus/core';
import { migrate } from '@nexus/postgres';
import { postgresTest } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { usageMigrations } from '../src/storage/migrations/index.js';

/** Before the ledger kept every bucket. */
const BEFORE = usageMigrations.findIndex(({ name }) => name.startsWith('EveryBucket'));
const postgres = postgresTest();
const tenants = [newId(), newId()];
const [call, corrected, tool, open, run] = [newId(), newId(), newId(), newId(), newId()];
let admin: Client;

beforeAll(async () => {
  const upTo = (count: number) => migrate({ adminUrl: postgres.url, schema: 'usage', servingPassword: 'secret', migrations: usageMigrations.slice(0, count) });
  await upTo(BEFORE);
  admin = new Client({ connectionString: postgres.url });
  await admin.connect();
  for (const tenant of tenants) {
    await admin.query("INSERT INTO usage.budget VALUES ($1, $1, 'team', 'day', 1000, 230, 200, '2026-11-20')", [tenant]);
    for (const [id, state] of [[call, 'settled'], [corrected, 'settled'], [open, 'open']]) {
      await admin.query(`INSERT INTO usage.attempt (tenant_id, id, state, day, opened_at, reserved_micro_usd, granted_output_tokens, input_price, output_price, cache_read_price, cache_write_price,
        run_id, step, owner, provider, model, client, project, key_id) VALUES ($1, $2, $3, '2026-11-20', '2026-11-20T12:00:00Z', 200, 50, 1, 2, 3, 4, $4, 7, 'r', 'p', 'm', 'acme', '', '')`, [tenant, id, state, run]);
    }
    const book = (id: string, correction: number, cost: number, result: string, toolName: string, second: number) => admin.query(`INSERT INTO usage.ledger (tenant_id, attempt_id, correction, day, settled_at, finished_at,
      duration_ms, cost_micro_usd, reserved_micro_usd, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, input_price, output_price, cache_read_price, cache_write_price, run_id,
      is_estimated, result, provider, model, tool, client, project, key_id, error_code, provider_request_id, trace_id) VALUES ($1, $2, $3, '2026-11-20', $7::timestamptz, $7::timestamptz, 1000, $4, 200, 5, 6, 7, 30, 12,
      1, 2, 3, 4, $8, false, $5, 'p', 'm', $6, 'acme', '', '', '', '', '')`, [tenant, id, correction, cost, result, toolName, `2026-11-20T12:00:0${second}Z`, run]);
    await book(corrected, 0, 100, 'failed', '', 1);
    await book(call, 0, 100, 'succeeded', '', 2);
    await book(corrected, 1, 30, 'succeeded', '', 3);
    await book(tool, 0, 0, 'succeeded', 'clock', 4);
  }
  await upTo(usageMigrations.length);
});
afterAll(() => admin.end());

it('rows of the ledger become entries in the order in which they were written, their output without its reasoning', async () => {
  const { rows } = await admin.query('SELECT attempt_id, correction, output_tokens::int AS output, reasoning_tokens::int AS reasoning, reasoning_price::int AS price, opened_at, step FROM usage.ledger WHERE tenant_id = $1 ORDER BY entry', [tenants[0]]);
  expect(rows.map((row: Record<string, unknown>) => [row['attempt_id'], row['correction'], row['output'], row['reasoning'], row['price'], row['step']])).toEqual([
    [corrected, 0, 18, 12, 2, 7], [call, 0, 18, 12, 2, 7], [corrected, 1, 18, 12, 2, 7], [tool, 0, 18, 12, 2, 0],
  ]);
  expect(rows[0]).toMatchObject({ opened_at: new Date('2026-11-20T12:00:00Z') });
  const { rows: next } = await admin.query("SELECT nextval('usage.ledger_entry')::int > max(entry) AS free, count(DISTINCT entry)::int AS entries FROM usage.ledger");
  expect(next).toEqual([{ free: true, entries: 8 }]);
});

it('attempts find their entries and what corrects them; tools are known by their executions', async () => {
  const { rows } = await admin.query(`SELECT a.id, a.result, l.correction AS booked, c.correction AS corrected, a.cache_write_1h_price::int AS price FROM usage.attempt a
    LEFT JOIN usage.ledger l ON l.tenant_id = a.tenant_id AND l.day = a.day AND l.entry = a.entry AND l.attempt_id = a.id
    LEFT JOIN usage.ledger c ON c.tenant_id = a.tenant_id AND c.day = a.day AND c.entry = a.corrected_by AND c.attempt_id = a.id WHERE a.tenant_id = $1`, [tenants[1]]);
  expect(Object.fromEntries((rows as { id: string }[]).map(({ id, ...row }) => [id, row]))).toEqual({
    [call]: { result: 'succeeded', booked: 0, corrected: null, price: 4 },
    [corrected]: { result: 'succeeded', booked: 0, corrected: 1, price: 4 },
    [open]: { result: null, booked: null, corrected: null, price: 4 },
  });
  expect((await admin.query('SELECT id FROM usage.tool_execution WHERE tenant_id = $1', [tenants[0]])).rows).toEqual([{ id: tool }]);
});

it('budgets keep what they have counted, as budgets of the tenant', async () => {
  const { rows } = await admin.query(`SELECT d.scope, d.subject, d.level, u.subject AS use, u.spent_micro_usd::int AS spent, u.reserved_micro_usd::int AS reserved, u.window_start::text AS "from"
    FROM usage.budget d JOIN usage.budget_use u USING (tenant_id) WHERE tenant_id = $1 AND u.budget_id = d.id`, [tenants[0]]);
  expect(rows).toEqual([{ scope: 'tenant', subject: '', level: 'hard', use: '', spent: 230, reserved: 200, from: '2026-11-20' }]);
});

it('the ledger cannot be changed afterwards, by its owner either', async () => {
  await admin.query('BEGIN');
  await admin.query(`SET LOCAL ROLE nexus_usage_owner; SELECT set_config('app.tenant_id', '${tenants[0]}', true)`);
  await expect(admin.query('UPDATE usage.ledger SET cost_micro_usd = 0')).rejects.toMatchObject({ code: '23001' });
  await admin.query('ROLLBACK');
});
