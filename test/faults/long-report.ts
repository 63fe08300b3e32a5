import type { Played } from './long-form.js';
import { recoveryTimes } from './oracles/surroundings.js';

/** The long form's report as Markdown: what was done, what was looked at, and everything that was wrong. */
export function longReport(seed: number, rounds: readonly Played[], wanted: { readonly kills: number; readonly runs: number }): string {
  const total = (what: (round: Played) => number): number => rounds.reduce((sum, round) => sum + what(round), 0);
  const { p50, p99 } = recoveryTimes(rounds.flatMap(({ recoveries }) => recoveries).map((milliseconds) => ({ milliseconds })));
  const names = [...new Set(rounds.flatMap(({ faults }) => Object.keys(faults)))].sort();
  const oracles = [...new Set(rounds.flatMap((round) => round.oracles.map(({ oracle }) => oracle)))];
  const runs = total((round) => round.runs);
  const kills = total((round) => round.kills);
  const verdictsOf = (name: string) => rounds.flatMap((round) => round.oracles.filter(({ oracle }) => oracle === name));
  const isWhole = runs >= wanted.runs && kills >= wanted.kills;
  return [
    '# Faults, the long run', '',
    `Made by \`npm run faults:long\`${isWhole ? '' : ', which is not finished'}. The first seed was ${seed}; each round has its own.`, '',
    '| | |', '|---|---|',
    `| rounds | ${rounds.length} |`, `| runs | ${runs} of ${wanted.runs} |`, `| kills at random | ${kills} of ${wanted.kills} |`, `| model calls | ${total((round) => round.modelCalls)} |`,
    `| hours | ${(total((round) => round.seconds) / 3_600).toFixed(1)} |`, `| recovery, fault to progress | p50 ${p50} ms, p99 ${p99} ms |`, '',
    '## What was looked at', '', '| oracle | looked at | wrong |', '|---|---|---|',
    ...oracles.map((name) => `| ${name} | ${verdictsOf(name).reduce((sum, { checked }) => sum + checked, 0)} | ${verdictsOf(name).reduce((sum, { violations }) => sum + violations.length, 0)} |`), '',
    '## Faults', '', '| fault | times |', '|---|---|',
    ...names.map((name) => `| ${name} | ${total(({ faults }) => faults[name] ?? 0)} |`), '',
    '## Rounds', '', '| seed | ended | runs | kills | seconds | wrong |', '|---|---|---|---|---|---|',
    ...rounds.map((round) => `| ${round.seed} | ${new Date(round.endedAt).toISOString().slice(0, 16)} | ${round.runs} | ${round.kills} | ${Math.round(round.seconds)} | ${round.oracles.reduce((sum, { violations }) => sum + violations.length, 0)} |`), '',
    ...wrongLines(rounds),
  ].join('\n');
}

function wrongLines(rounds: readonly Played[]): string[] {
  const wrong = rounds.flatMap(({ seed, oracles }) => oracles.flatMap(({ oracle, violations }) => violations.map((violation) => `- ${oracle}, seed ${seed}: ${violation}`)));
  return wrong.length === 0 ? [] : ['## What was wrong', '', ...wrong, ''];
}
