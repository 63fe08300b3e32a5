import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tally } from './oracles/answers.js';
import type { Verdict } from './oracles/evidence.js';
import { recoveryTimes } from './oracles/surroundings.js';
import type { RoundResult } from './round.js';

const SHOWN = 8;

/** The verdicts of a round as lines for people. */
export function verdictLines(verdicts: readonly Verdict[]): string[] {
  const width = Math.max(...verdicts.map(({ oracle }) => oracle.length));
  return verdicts.flatMap(({ oracle, checked, violations, notes }) => [
    `${violations.length === 0 ? 'ok    ' : 'FAILED'} ${oracle.padEnd(width)} ${String(checked).padStart(6)} looked at, ${violations.length} wrong${notes ? `; ${notes}` : ''}`,
    ...violations.slice(0, SHOWN).map((violation) => `         ${violation}`),
    ...(violations.length > SHOWN ? [`         ... and ${violations.length - SHOWN} more`] : []),
  ]);
}

/** A round in a few lines. */
export function summaryLines({ evidence, runs, kills, seconds, verdicts }: RoundResult): string[] {
  const { p50, p99 } = recoveryTimes(evidence.recoveries);
  const answered = evidence.questions.filter(({ outcome }) => outcome !== undefined);
  return [
    `${runs} runs, ${evidence.questions.length - runs} plain completions, ${evidence.calls.length} model calls in ${Math.round(seconds)} s; ${kills} random kills, ${evidence.deaths.length} deaths in all, ${evidence.faults.length} faults`,
    `outcomes: ${tally(answered.map(({ outcome }) => outcome ?? ''))}`,
    `recovery, kill to progress: p50 ${p50} ms, p99 ${p99} ms`,
    `${verdicts.reduce((sum, { violations }) => sum + violations.length, 0)} violations`,
  ];
}

/** Writes all evidence of a round, for whoever wants to understand a violation. */
export function dumpEvidence(folder: string, { evidence, verdicts }: RoundResult): string {
  const path = join(folder, 'evidence');
  mkdirSync(path, { recursive: true });
  for (const [name, value] of Object.entries({ ...evidence, effects: [...evidence.effects], verdicts })) {
    const lines = Array.isArray(value) ? value.map((one) => JSON.stringify(one)).join('\n') : JSON.stringify(value, undefined, 2);
    writeFileSync(join(path, `${name}.jsonl`), `${lines}\n`);
  }
  return path;
}
