// `npm run bench:ledger`: what a row of the ledger costs Postgres, from the first to the millionth. See --help. Exit code 1 when a goal is missed.
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled } from '../../scripts/bootstrap.mjs';
import { main, root } from '../../scripts/process.mjs';
import { call, TENANTS } from './ledger/calls.mjs';
import { MeasuredDatabase } from './ledger/measured-database.mjs';
import { judge, printReport, writeReport } from './ledger/report.mjs';

const help = `npm run bench:ledger [-- options]

Opens and settles model calls with usage's own statements, on a private Postgres that writes full pages, over a month of made-up days with four
tenants and their budgets; rows of attempts are let go after eight days, as the service does. Measures what Postgres says (EXPLAIN with BUFFERS
and WAL) of the statements of some windows of 10,000 rows, and asks at the end what a client cost this month.

  --rows N   default 1000000
  --report   write docs/reports/ledger.md and .json
  --help`;

const DAYS = 30;
const DAY_MS = 86_400_000;
const KEPT_DAYS = 8;
const BATCH = 250;
const WINDOW = 10_000;
const WINDOWS = 10;
const START = Date.UTC(2026, 10, 1);
const MONTH = { fromDay: '2026-11-01', toDay: '2026-11-30' };

await main(async () => {
  const { values: options } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, report: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (options.help) return void console.log(help);
  const rows = Math.floor(Number(options.rows) / WINDOW) * WINDOW;
  if (!(rows >= 2 * WINDOW)) throw new Error(`--rows must be at least ${2 * WINDOW}`);
  await ensureInstalled();
  await ensureBuilt();
  const { startPostgres } = await import('@nexus/embedded');
  // As Postgres is set up by default, except that nobody waits for the disk: neither buffers nor WAL depend on that.
  const postgres = await startPostgres({ persistent: false, settings: { full_page_writes: true, shared_buffers: '128MB' } });
  try {
    const found = await measured(postgres.url(), rows);
    const goals = judge(found);
    printReport(found, goals);
    if (options.report) writeReport(join(root, 'docs/reports'), { rows, machine: `${cpus().length} x ${cpus()[0]?.model ?? '?'}`, at: new Date().toISOString().slice(0, 10) }, found, goals);
    return goals.every(({ isMet }) => isMet) ? 0 : 1;
  } finally {
    await postgres.stop();
  }
});

async function measured(databaseUrl, rows) {
  const { openDatabase, createLogger } = await import('@nexus/runtime');
  const { costOf } = await import('@nexus/core');
  const { Client } = await import('pg');
  const { usageService } = await import('@nexus/usage/module');
  const inside = (path) => import(join(root, 'apps/usage/dist', path));
  const [{ AttemptRepository }, { BudgetRepository }, { PruningRepository }, { UsageReport }] = await Promise.all(
    ['storage/attempt.repository.js', 'storage/budget.repository.js', 'storage/pruning.repository.js', 'storage/usage-report.js'].map(inside));
  const config = { databaseUrl, databaseAdminUrl: undefined, isMigrating: true, serviceToken: 'bench' };
  const database = await openDatabase(usageService, config, createLogger({ level: 'warn' }));
  const admin = new Client({ connectionString: databaseUrl });
  await admin.connect();
  const watched = new MeasuredDatabase(database);
  const [attempts, budgets, pruning, report] = [new AttemptRepository(watched), new BudgetRepository(database), new PruningRepository(database), new UsageReport(database)];
  for (const tenantId of TENANTS) {
    const terms = { level: 'hard', limit: 1_000_000_000_000, whenReached: 'refuse', exemptAgents: [] };
    await budgets.set(tenantId, { ...terms, name: 'month', scope: 'tenant', subject: '', period: 'month' }, MONTH.fromDay);
    await budgets.set(tenantId, { ...terms, name: 'keys', scope: 'key', subject: '*', period: 'day' }, MONTH.fromDay);
  }

  let done = 0;
  let day = 0;
  /** Opens and settles the next calls, and lets old rows go when a day ends. */
  const go = async (count) => {
    for (const last = done + count; done < last; done += BATCH) {
      const now = START + Math.floor((done / rows) * DAYS * DAY_MS);
      if (Math.floor((now - START) / DAY_MS) > day) {
        day = Math.floor((now - START) / DAY_MS);
        await pruning.attempts(now - KEPT_DAYS * DAY_MS);
      }
      const calls = Array.from({ length: BATCH }, (_, index) => call(done + index, now));
      await attempts.open(calls.map(({ planned }) => planned), now);
      await attempts.settle(calls.map(({ record }) => ({ ...record, cost: costOf(record.tokens, record.price) })), now + 1_000);
    }
  };

  const windows = [];
  const began = Date.now();
  for (let window = 0; window < WINDOWS; window++) {
    const from = window === WINDOWS - 1 ? rows - WINDOW : Math.floor((window * rows) / WINDOWS / WINDOW) * WINDOW;
    if (from > done) await go(from - done);
    const sums = await watched.measure(() => go(WINDOW));
    windows.push({ from, ...Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, Object.fromEntries(Object.entries(sum).map(([what, value]) => [what, value / WINDOW]))])) });
    console.error(`${done} rows, ${((Date.now() - began) / 1000).toFixed(0)} s`);
  }
  const { rows: [wal] } = await admin.query('SELECT wal_bytes::float8 / $1 AS "bytesPerRow", wal_fpi::float8 / $1 AS "fullPagesPerRow" FROM pg_stat_wal', [rows]);
  const { rows: sizes } = await admin.query("SELECT c.relname AS name, pg_relation_size(c.oid)::float8 / 1048576 AS megabytes FROM pg_class c WHERE c.relnamespace = 'usage'::regnamespace AND c.relkind IN ('r', 'i') AND c.relname ~ '^(attempt|ledger|budget_use)' ORDER BY 2 DESC");

  await admin.query('VACUUM ANALYZE');
  const times = [];
  let answered;
  for (let time = 0; time < 5; time++) {
    const start = performance.now();
    answered = await report.sum(TENANTS[0], { ...MONTH, groupBy: ['client'], client: 'acme', project: undefined });
    times.push(performance.now() - start);
  }
  const runTimes = [];
  let shown = 0;
  for (let time = 0; time < 5; time++) {
    const { planned } = call(Math.floor((rows * (time + 1)) / 7), 0);
    const start = performance.now();
    shown += (await attempts.ofRun(planned.tenantId, planned.runId)).length;
    runTimes.push(performance.now() - start);
  }
  const { rows: [exact] } = await admin.query("SELECT sum(cost_micro_usd)::bigint AS cost, count(*) AS count FROM usage.ledger WHERE tenant_id = $1 AND client = 'acme'", [TENANTS[0]]);
  const { rows: [entries] } = await admin.query('SELECT count(*)::int AS ledger, (SELECT count(*)::int FROM usage.attempt) AS attempts FROM usage.ledger');
  await admin.end();
  await database.close();
  return { windows, wal, sizes, entries, run: { slowestMs: Math.max(...runTimes), shown }, question: { slowestMs: Math.max(...times), cost: answered.total.cost, exact: Number(exact.cost), ofRows: Number(exact.count) }, seconds: (Date.now() - began) / 1000 };
}
