import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from './options.js';
import { dumpEvidence, summaryLines, verdictLines } from './report.js';
import { playRound, type RoundResult } from './round.js';

/** Plays one round and prints it. Its folder goes when all was well. */
export async function playOne(plan: Plan): Promise<{ readonly isOk: boolean; readonly result: RoundResult }> {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-faults-'));
  chmodSync(folder, 0o711); // Redis and Postgres may run as another user
  const startedAt = Date.now();
  const log = (line: string): void => console.log(`${((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6)}  ${line}`);
  const result = await playRound({ ...plan, folder, log });
  const isOk = result.verdicts.every(({ violations }) => violations.length === 0);
  console.log(['', `seed ${plan.seed}`, ...summaryLines(result), '', ...verdictLines(result.verdicts), ''].join('\n'));
  if (isOk && !plan.isKept) rmSync(folder, { recursive: true, force: true });
  else console.log(`evidence: ${dumpEvidence(folder, result)}\nlogs: ${join(folder, 'logs')}`);
  if (!isOk) console.log(`the same again: npm run faults -- --seed ${plan.seed}${plan.form === 'short' ? ' --short' : ''}`);
  return { isOk, result };
}
