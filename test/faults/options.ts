import { parseArgs } from 'node:util';
import { failpoints, type Failpoint } from '@nexus/core';
import { catalogue } from './faults/catalogue.js';
import type { Fault } from './faults/fault.js';
import type { RoundOptions } from './round.js';

const HELP = `npm run faults [-- options]        all faults once, 60 kills at random, 5,000 runs: 15 minutes at most
npm run faults:long [-- options]   denser rounds until there were 1,000 kills and 100,000 runs; goes on where it was stopped

  --only a,b      only faults whose names hold one of these words; "kills" are the kills at random, "failpoint" all failpoints
  --seed n        the same schedule and the same load again, as far as time allows
  --runs n        runs at least
  --kills n       kills at random
  --rate n        runs a second
  --short         the form that is part of npm test: each failpoint once, 10 kills, 500 runs
  --long          what faults:long does
  --keep          keeps logs and evidence although nothing was wrong
  --list          names the faults
  --help

Exit code 1 on any violation; logs and evidence are then kept, and their folder is printed.`;

/** How fast each form goes, on two cores: the long one is as dense as its replicas can start again. */
const paces = {
  short: { rate: 10, gapMs: [500, 1_500], patience: 1 },
  full: { rate: 12, gapMs: [1_000, 3_000], patience: 0.7 },
  long: { rate: 50, gapMs: [300, 900], patience: 0.6 },
} as const;

/** What is to be played: one round, or rounds until there is enough. */
export interface Plan extends Omit<RoundOptions, 'seed' | 'folder' | 'log'> {
  readonly form: 'short' | 'full' | 'long';
  readonly seed: number;
  readonly isKept: boolean;
}

/** Reads the command line. A string is to be printed instead of playing; throws an Error whose message is for people. */
export function readOptions(args: readonly string[]): Plan | string {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' }, seed: { type: 'string' }, runs: { type: 'string' }, kills: { type: 'string' }, rate: { type: 'string' },
      short: { type: 'boolean' }, long: { type: 'boolean' }, keep: { type: 'boolean' }, list: { type: 'boolean' }, help: { type: 'boolean' },
    },
  });
  if (values.help) return HELP;
  if (values.list) return ['kills', ...failpoints.map(nameOf), ...catalogue.map(({ name }) => name)].join('\n');
  const form = values.short ? 'short' : values.long ? 'long' : 'full';
  const words = values.only?.split(',').map((word) => word.trim().toLowerCase()).filter((word) => word !== '');
  const chosen = choose(words, form === 'short' ? [] : catalogue);
  const defaults = words === undefined ? { short: { runs: 500, kills: 10 }, full: { runs: 5_000, kills: 60 }, long: { runs: 20_000, kills: 200 } }[form] : { runs: 100, kills: words.includes('kills') ? 10 : 0 };
  return {
    form, ...chosen,
    seed: numberOf('seed', values.seed, Math.floor(Math.random() * 1e9)),
    runs: numberOf('runs', values.runs, defaults.runs),
    kills: numberOf('kills', values.kills, defaults.kills),
    rate: numberOf('rate', values.rate, paces[form].rate),
    gapMs: paces[form].gapMs,
    patience: paces[form].patience,
    isKept: values.keep === true,
  };
}

const nameOf = (failpoint: Failpoint): string => `failpoint: ${failpoint}`;

function choose(words: readonly string[] | undefined, all: readonly Fault[]): { readonly failpoints: readonly Failpoint[]; readonly faults: readonly Fault[] } {
  if (words === undefined) return { failpoints, faults: all };
  const isChosen = (name: string): boolean => words.some((word) => name.toLowerCase().includes(word));
  const chosen = { failpoints: failpoints.filter((name) => isChosen(nameOf(name))), faults: catalogue.filter(({ name }) => isChosen(name)) };
  if (chosen.failpoints.length + chosen.faults.length === 0 && !words.includes('kills')) throw new Error(`No fault is called ${words.join(' or ')}. --list names them.`);
  return chosen;
}

function numberOf(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number.`);
  return value;
}
