// What was found, judged, as a table, and as files under docs/reports.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MOST_GROWTH = 1.2;
const MOST_MS = 1_000;
const MOST_RUN_MS = 100;
const MEASURES = [['buffers', 'buffers'], ['walBytes', 'WAL bytes'], ['walRecords', 'WAL records'], ['fullPages', 'full pages']];

/** Opening and settling together. */
const both = (window, measure) => window.usage_open[measure] + window.usage_settle[measure];
const percent = (factor) => `${factor >= 1 ? '+' : ''}${((factor - 1) * 100).toFixed(1)}%`;

/** One line a goal: `{ name, goal, measured, isMet }`. */
export function judge({ windows, wal, question, run, entries }) {
  const [first, last] = [windows[0], windows.at(-1)];
  const growth = (name, of) => ({ name, goal: `at most ${percent(MOST_GROWTH)}`, measured: `${of(first).toFixed(1)} -> ${of(last).toFixed(1)} (${percent(of(last) / of(first))})`, isMet: of(last) <= MOST_GROWTH * of(first) });
  return [
    growth('buffers of a settled row', (window) => window.usage_settle.buffers),
    growth('WAL bytes of a settled row', (window) => window.usage_settle.walBytes),
    growth('buffers of a row, opened and settled', (window) => both(window, 'buffers')),
    growth('WAL bytes of a row, opened and settled', (window) => both(window, 'walBytes')),
    // With the full pages after every checkpoint, and with what lets rows of attempts go.
    { name: 'WAL bytes of a row, over the whole run', goal: `at most ${percent(MOST_GROWTH)}`, measured: `${both(first, 'walBytes').toFixed(1)} -> ${wal.bytesPerRow.toFixed(1)} (${percent(wal.bytesPerRow / both(first, 'walBytes'))})`, isMet: wal.bytesPerRow <= MOST_GROWTH * both(first, 'walBytes') },
    { name: 'what a client cost this month', goal: `at most ${MOST_MS} ms`, measured: `${question.slowestMs.toFixed(1)} ms`, isMet: question.slowestMs <= MOST_MS },
    { name: 'and that is the sum of its rows', goal: `${question.exact} micro-USD`, measured: `${question.cost} micro-USD`, isMet: question.cost === question.exact && question.ofRows > 0 },
    { name: 'the attempts of a run, found by its id', goal: `at most ${MOST_RUN_MS} ms`, measured: `${run.slowestMs.toFixed(1)} ms`, isMet: run.slowestMs <= MOST_RUN_MS && run.shown >= 5 },
    { name: 'rows in the ledger', goal: 'one for each call', measured: String(entries.ledger), isMet: entries.ledger === last.from + 10_000 },
  ];
}

function windowLines({ windows }) {
  return windows.map((window) => [window.from, ...['usage_open', 'usage_settle'].flatMap((name) => MEASURES.map(([measure]) => window[name][measure].toFixed(measure === 'fullPages' ? 4 : 1)))]);
}

const TITLES = ['rows before', ...['open', 'settle'].flatMap((name) => MEASURES.map(([, title]) => `${name}: ${title}`))];

export function printReport(found, goals) {
  for (const line of [TITLES, ...windowLines(found)]) console.log(line.map((cell) => String(cell).padStart(12)).join(' '));
  console.log(`whole run: ${found.wal.bytesPerRow.toFixed(0)} WAL bytes a row, ${found.wal.fullPagesPerRow.toFixed(3)} full pages; ${found.entries.attempts} rows of attempts are left; ${found.seconds.toFixed(0)} s`);
  for (const { name, megabytes } of found.sizes) console.log(`${name.padEnd(24)} ${megabytes.toFixed(1)} MB`);
  for (const { name, goal, measured, isMet } of goals) console.log(`${isMet ? 'ok    ' : 'MISSED'}  ${name.padEnd(40)} ${goal.padEnd(28)} ${measured}`);
}

/** Writes ledger.json and ledger.md. */
export function writeReport(folder, settings, found, goals) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'ledger.json'), `${JSON.stringify({ settings, goals, ...found }, null, 2)}\n`);
  const dearest = found.windows.reduce((most, window) => (both(window, 'walBytes') > both(most, 'walBytes') ? window : most));
  const table = (rows) => rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
  const head = (titles) => `${table([titles])}\n${table([titles.map(() => '---')])}`;
  writeFileSync(join(folder, 'ledger.md'), `# What a row of the ledger costs

\`npm run bench:ledger -- --rows ${settings.rows} --report\`, ${settings.at}, ${settings.machine}.

Calls of four tenants over ${30} made-up days, opened and settled by usage's own statements, 250 in each, on Postgres as it is set up by default (128 MB of shared
buffers, full pages written). Ids of attempts and of runs are random, as UUIDv5 are. Rows of attempts are let go after eight days. Each tenant has a budget of
the month and one of a day for each of its 40 keys; the sums that reports are made of are kept by the same statements.

${head(['', 'goal', 'measured', ''])}
${table(goals.map(({ name, goal, measured, isMet }) => [name, goal, measured, isMet ? 'met' : '**missed**']))}

## Windows of 10,000 rows

For a row, as Postgres says of the statements (\`EXPLAIN (ANALYZE, BUFFERS, WAL)\`), with all that their functions and triggers do. A full page is written
when a page changes for the first time after a checkpoint; checkpoints came when they came. The dearest window, that from ${dearest.from.toLocaleString('en')} on, wrote ${both(dearest, 'walBytes').toFixed(0)} bytes a
row: right after a checkpoint the index of attempts is written as a whole, once, and it is as large as the days that rows of attempts are kept for.

${head(TITLES)}
${table(windowLines(found))}

Over the whole run, with everything that Postgres does beside: ${found.wal.bytesPerRow.toFixed(0)} bytes of WAL a row, ${found.wal.fullPagesPerRow.toFixed(3)} full pages. ${found.entries.attempts.toLocaleString('en')} rows of attempts were left.
The first window also makes the rows of the sums, and so writes more than those after it; against the second one the whole run is ${percent(found.wal.bytesPerRow / both(found.windows[1], 'walBytes'))}.
`);
}
