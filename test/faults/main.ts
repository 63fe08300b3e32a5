import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { catalogue } from './faults/catalogue.js';
import { dumpEvidence, summaryLines, verdictLines } from './report.js';
import { playRound } from './round.js';

const { values } = parseArgs({ options: { seed: { type: 'string' }, only: { type: 'string' }, short: { type: 'boolean' }, runs: { type: 'string' }, kills: { type: 'string' }, keep: { type: 'boolean' }, 'no-failpoints': { type: 'boolean' } } });
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const folder = mkdtempSync(join(tmpdir(), 'nexus-faults-'));
chmodSync(folder, 0o711);
const began = Date.now();
const log = (line: string): void => console.log(`${((Date.now() - began) / 1_000).toFixed(1).padStart(6)} ${line}`);
const only = values.only?.split(',');
const result = await playRound({
  seed, folder, log,
  runs: Number(values.runs ?? 500), rate: 9, hasFailpoints: values['no-failpoints'] !== true, kills: Number(values.kills ?? 10), gapMs: [1_000, 3_000],
  faults: only === undefined ? [] : catalogue.filter(({ name }) => only.some((part) => name.includes(part))),
});
for (const line of [...summaryLines(result), ...verdictLines(result.verdicts)]) console.log(line);
const isOk = result.verdicts.every(({ violations }) => violations.length === 0);
if (isOk && !values.keep) rmSync(folder, { recursive: true, force: true });
else console.log(`evidence: ${dumpEvidence(folder, result)}, logs: ${join(folder, 'logs')}`);
process.exit(isOk ? 0 : 1);
