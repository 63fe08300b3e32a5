// The findings as a table, and as files under docs/reports.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { growth } from './memory.mjs';
import { quantile } from './load.mjs';

const MOST_TIMES_SLOWER = 2;
const MOST_REFUSAL_MS = 50;
const MOST_GROWTH = 1.1;
const MOST_GROWTH_MB = 20;

const ms = (value) => (Number.isNaN(value) ? 'none' : `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`);

/** One line a goal: `{ name, goal, measured, isMet }`. */
export function judge({ normal, overload, samples, drainSeconds, drainWithin }) {
  const lines = [];
  const line = (name, goal, measured, isMet) => lines.push({ name, goal, measured, isMet });
  for (const kind of ['model', 'agent']) {
    const [usual, loaded] = [quantile(normal.answered[kind], 0.99), quantile(overload.answered[kind], 0.99)];
    line(`accepted p99, ${kind}`, `at most ${MOST_TIMES_SLOWER} x ${ms(usual)}`, `${ms(loaded)} (${(loaded / usual).toFixed(2)} x)`, loaded <= MOST_TIMES_SLOWER * usual);
  }
  const refusal = quantile(overload.refused, 0.99);
  line('refusals p99', `at most ${MOST_REFUSAL_MS} ms`, `${ms(refusal)} of ${overload.refused.length}`, refusal <= MOST_REFUSAL_MS);
  for (const [name, values] of Object.entries(samples)) {
    const { first, last } = growth(values);
    line(`memory of ${name}`, `+${Math.round((MOST_GROWTH - 1) * 100)}% or +${MOST_GROWTH_MB} MB`, `${first.toFixed(0)} -> ${last.toFixed(0)} MB`, last <= first * MOST_GROWTH || last <= first + MOST_GROWTH_MB);
  }
  line('drained after', `at most ${drainWithin} s`, drainSeconds === undefined ? 'not drained' : `${drainSeconds.toFixed(1)} s`, drainSeconds !== undefined);
  const errors = [...normal.errors, ...overload.errors];
  line('other errors', '0', String(errors.reduce((sum, [, count]) => sum + count, 0)), errors.length === 0);
  line('refused under normal load', '0', String(normal.refused.length), normal.refused.length === 0);
  return lines;
}

export function printTable(lines) {
  const widths = ['name', 'goal', 'measured'].map((column) => Math.max(...lines.map((line) => line[column].length)));
  for (const { name, goal, measured, isMet } of lines) console.log(`${isMet ? 'ok    ' : 'MISSED'}  ${name.padEnd(widths[0])}  ${goal.padEnd(widths[1])}  ${measured}`);
}

/** Writes overload.json and overload.md. */
export function writeReport(folder, settings, lines, facts) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'overload.json'), `${JSON.stringify({ settings, facts, goals: lines }, null, 2)}\n`);
  const table = (rows) => rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
  writeFileSync(join(folder, 'overload.md'), `# Overload

\`npm run faults:overload -- ${Object.entries(settings.options).map(([name, value]) => `--${name} ${value}`).join(' ')} --report\`, ${settings.at}, ${settings.machine}.

Every service is a process of its own; answers, runs and threads are kept in at most 8 MB each, so that these bounds are reached at once. The router's concurrency is the capacity: ${settings.capacity.toFixed(0)} model calls a second. Clients send ${settings.normalRate.toFixed(0)} requests
a second at first, then ${settings.overloadRate.toFixed(0)}, and do not wait for each other; one in ${settings.agentEach} asks an agent. Times are from when a request was due.

${table([['', 'goal', 'measured', ''], ['---', '---', '---', '---'], ...lines.map(({ name, goal, measured, isMet }) => [name, goal, measured, isMet ? 'met' : '**missed**'])])}

${table([['', ''], ['---', '---'], ...Object.entries(facts)])}
`);
}
