import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Plan } from './options.js';
import { playOne } from './one-round.js';
import { longReport } from './long-report.js';
import type { RoundResult } from './round.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Beside the report, so that whoever has the repository can go on. */
const stateFile = join(root, 'docs', 'reports', 'faults.json');
const reportFile = join(root, 'docs', 'reports', 'faults.md');

const KILLS = 1_000;
const RUNS = 100_000;
/** Every fault of the catalogue happens in the first of this many rounds; in the others replicas are only killed, which is quicker. */
const CATALOGUE_EVERY = 5;

const playedSchema = z.object({
  seed: z.number(), endedAt: z.number(), seconds: z.number(), runs: z.number(), kills: z.number(), modelCalls: z.number(),
  /** How often each fault happened, by its name. */
  faults: z.record(z.string(), z.number()),
  /** Milliseconds from each fault to the next progress. */
  recoveries: z.array(z.number()),
  oracles: z.array(z.object({ oracle: z.string(), checked: z.number(), violations: z.array(z.string()) })),
});
const stateSchema = z.object({ seed: z.number(), rounds: z.array(playedSchema) });

/** A round of the long form, as it is kept. */
export type Played = z.infer<typeof playedSchema>;

/** Plays rounds until there are enough kills and runs, each kept as it ends: a command that was stopped goes on after its last round. */
export async function playLong(plan: Plan): Promise<{ readonly isOk: boolean }> {
  const state = existsSync(stateFile) ? stateSchema.parse(JSON.parse(readFileSync(stateFile, 'utf8'))) : { seed: plan.seed, rounds: [] as Played[] };
  if (isEnough(state.rounds)) Object.assign(state, { seed: plan.seed, rounds: [] });
  while (!isEnough(state.rounds)) {
    const seed = (state.seed + state.rounds.length * 7_919) % 1_000_000_000;
    console.log(`\nround ${state.rounds.length + 1}: ${sum(state.rounds, 'runs')} of ${RUNS} runs and ${sum(state.rounds, 'kills')} of ${KILLS} kills so far`);
    const isCatalogueDue = state.rounds.length % CATALOGUE_EVERY === 0;
    const { result } = await playOne({ ...plan, seed, ...(!isCatalogueDue && { failpoints: [], faults: [] }) });
    state.rounds.push(playedOf(seed, result));
    keep(stateFile, `${JSON.stringify(state)}\n`);
    keep(reportFile, longReport(state.seed, state.rounds, { kills: KILLS, runs: RUNS }));
  }
  console.log(`the report is ${reportFile}`);
  return { isOk: state.rounds.every(({ oracles }) => oracles.every(({ violations }) => violations.length === 0)) };
}

const sum = (rounds: readonly Played[], what: 'runs' | 'kills'): number => rounds.reduce((total, round) => total + round[what], 0);

const isEnough = (rounds: readonly Played[]): boolean => sum(rounds, 'runs') >= RUNS && sum(rounds, 'kills') >= KILLS;

function playedOf(seed: number, { evidence, verdicts, runs, kills, seconds }: RoundResult): Played {
  const faults: Record<string, number> = {};
  for (const { name, evidence: why } of evidence.faults) if (why !== undefined) faults[name] = (faults[name] ?? 0) + 1;
  return {
    seed, runs, kills, seconds, faults, endedAt: Date.now(), modelCalls: evidence.calls.length,
    recoveries: evidence.recoveries.flatMap(({ milliseconds }) => milliseconds ?? []),
    oracles: verdicts.map(({ oracle, checked, violations }) => ({ oracle, checked, violations: [...violations] })),
  };
}

/** Whole or not at all, so that being killed in between leaves what was there before. */
function keep(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
