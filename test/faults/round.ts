import type { Failpoint } from '@nexus/core';
import type { ServiceName } from './cluster/replica.js';
import { workOf, type Fault, type FaultContext } from './faults/fault.js';
import { dieAtEach, failpointsByService } from './faults/failpoints.js';
import { kill } from './faults/processes.js';
import { oracles } from './oracles/all-oracles.js';
import type { Evidence, FaultRecord, Recovery, Verdict } from './oracles/evidence.js';
import { demandOf, doneMeanwhile, isOvertaken, recoveryOf } from './oracles/progress.js';
import { leftovers, StoredState } from './oracles/stored-state.js';
import { pause } from './pause.js';
import { Random } from './random.js';
import { setStage, type Stage } from './stage.js';
import { modelNames, unreliableModels } from './load/model-names.js';

export interface RoundOptions {
  readonly seed: number;
  readonly folder: string;
  /** Runs at least. */
  readonly runs: number;
  /** Runs a second. */
  readonly rate: number;
  /** At each of them some replica dies once. */
  readonly failpoints: readonly Failpoint[];
  /** Kills at random, those that arm failpoints included. */
  readonly kills: number;
  /** Besides. */
  readonly faults: readonly Fault[];
  /** How likely it is that the next fault waits until every replica is ready again; faults that do not wait meet those before them. */
  readonly patience: number;
  /** Least and most milliseconds between two faults. */
  readonly gapMs: readonly [number, number];
  readonly log: (line: string) => void;
}

export interface RoundResult {
  readonly evidence: Evidence;
  readonly verdicts: readonly Verdict[];
  readonly runs: number;
  readonly kills: number;
  readonly seconds: number;
}

type Happened = Omit<FaultRecord, 'doneMeanwhile'>;

const READY_WITHIN_MS = 15_000;
const SETTLE_WITHIN_MS = 90_000;
const WARM_UP_MS = 2_000;
/** Services whose failpoints are passed at the same time: more would only wait for each other's recovery. */
const TRACKS_AT_ONCE = 2;

/** One cluster from its start to its end: load, faults, quiet, and what the oracles say. */
export async function playRound(options: RoundOptions): Promise<RoundResult> {
  const { seed, folder, log } = options;
  const random = new Random(seed);
  const startedAt = Date.now();
  log(`starting the cluster, seed ${seed}, files in ${folder}`);
  const stage = await setStage({ folder, random: random.fork(), rate: options.rate });
  try {
    log(`ready after ${seconds(startedAt)} s`);
    stage.load.start();
    stage.settings.start(700);
    await pause(WARM_UP_MS);
    const { happened, kills } = await makeFaults(stage, random.fork(), options);
    while (stage.questions.runs < options.runs) await pause(200);
    await stage.load.stop();
    await stage.settings.stop();
    log(`${stage.questions.runs} runs asked for, waiting until all is quiet`);
    await quiet(stage, log);
    const evidence = await gather(stage, happened);
    return { evidence, verdicts: oracles.map((oracle) => oracle(evidence)), runs: stage.questions.runs, kills, seconds: Number(seconds(startedAt)) };
  } finally {
    await stage.close();
  }
}

async function makeFaults(stage: Stage, random: Random, options: RoundOptions): Promise<{ happened: Happened[]; kills: number }> {
  const { cluster, redis, query, adapter } = stage;
  const context: FaultContext = { cluster, random, redis, query, sightings: adapter.sightings };
  const happened: Happened[] = [];
  let kills = 0;
  await adapter.publishPoison();
  const onKill = (service: ServiceName, at: number): void => {
    kills++;
    happened.push({ name: `kill -9: ${service}`, startedAt: at, endedAt: at, evidence: 'it was killed to be started with a failpoint', affects: workOf[service], isLoss: false, isStanding: false, sparesReplicas: false });
  };
  const tracks = [...failpointsByService(options.failpoints)];
  await Promise.all(Array.from({ length: TRACKS_AT_ONCE }, async () => {
    for (let track = tracks.shift(); track !== undefined; track = tracks.shift()) happened.push(...(await dieAtEach(...track, context, onKill, options.log)));
  }));
  await cluster.ready(cluster.replicas, READY_WITHIN_MS).catch((error: unknown) => options.log(String(error)));
  const further = Array.from({ length: Math.max(0, options.kills - kills) }, () => kill(random.pick(cluster.replicas).service));
  for (const fault of random.shuffle([...options.faults, ...further])) {
    // what it spares has to be there
    if (fault.sparesReplicas) await cluster.ready(cluster.replicas, READY_WITHIN_MS).catch((error: unknown) => options.log(String(error)));
    const record = await makeHappen(fault, context);
    if (fault.name.startsWith('kill')) kills++;
    options.log(`${fault.name}: ${record.evidence ?? 'DID NOT HAPPEN'}`);
    happened.push(record);
    if (random.chance(options.patience)) await cluster.ready(cluster.replicas, READY_WITHIN_MS).catch((error: unknown) => options.log(String(error)));
    await pause(random.int(...options.gapMs));
  }
  await adapter.publishPoison();
  return { happened, kills };
}

async function makeHappen(fault: Fault, context: FaultContext): Promise<Happened & { readonly isOutage: boolean }> {
  const startedAt = Date.now();
  const evidence = await fault.happen(context).catch((error: unknown) => void console.error(error));
  return { name: fault.name, startedAt, endedAt: Date.now(), evidence: evidence ?? undefined, affects: fault.affects, isLoss: fault.isLoss ?? false, isStanding: false, sparesReplicas: fault.sparesReplicas ?? false, isOutage: fault.isOutage ?? false };
}

/** Resolves when nothing is under way any more, or when nobody may hope for it. */
async function quiet({ questions, load, query, redis, cluster }: Stage, log: (line: string) => void): Promise<void> {
  const state = new StoredState(query);
  const until = Date.now() + SETTLE_WITHIN_MS;
  await Promise.race([load.httpDone(), pause(SETTLE_WITHIN_MS)]);
  for (; Date.now() < until; await pause(250)) {
    if (questions.open.length > 0 || (await state.underWay().catch(() => 1)) > 0) continue;
    const left = await leftovers(redis).catch(() => undefined);
    if (left?.every(({ pending, lag }) => pending === 0 && lag === 0)) return;
  }
  log(`not quiet after ${SETTLE_WITHIN_MS / 1_000} s: ${questions.open.length} questions open`);
  await cluster.ready(cluster.replicas, 1_000).catch((error: unknown) => log(String(error)));
}

async function gather(stage: Stage, happened: readonly (Happened & { readonly isOutage?: boolean })[]): Promise<Evidence> {
  const { timeline, cluster, behaviour } = stage;
  const state = new StoredState(stage.query);
  const all = [...happened, ...misbehaviours(stage)];
  const demand = demandOf(stage.questions.all, stage.settings.asked);
  const faults = all.map((fault): FaultRecord => ({ ...fault, doneMeanwhile: doneMeanwhile(fault, timeline, demand) }));
  const real = happened.filter(({ evidence }) => evidence !== undefined);
  const recoveries = real.flatMap((fault): Recovery | readonly [] => {
    const recovery = recoveryOf(fault, timeline, demand);
    return recovery === undefined || isOvertaken(fault, recovery, real) ? [] : recovery;
  });
  return {
    questions: stage.questions.all, sightings: stage.adapter.sightings.all, runs: await state.runs(), calls: behaviour.calls, attempts: await state.attempts(),
    budgets: await state.budgets(), sums: await state.sums(), effects: stage.effects.counts, deadLetters: await state.deadLetters(), poison: stage.adapter.poison, leftovers: await leftovers(stage.redis),
    splices: stage.streams.splices, settings: { count: stage.settings.count, wrong: await stage.settings.wrong() },
    faults, recoveries, deaths: cluster.replicas.flatMap(({ deaths }) => deaths),
    outages: happened.filter(({ isOutage }) => isOutage).map(({ startedAt, endedAt }) => ({ from: startedAt, to: endedAt })),
  };
}

/** What goes wrong all the time: each way of it is a fault too. */
function misbehaviours({ behaviour, timeline, adapter, questions }: Stage): Happened[] {
  const asked = questions.all.filter(({ kind }) => kind === 'bus').length;
  const always = { startedAt: timeline.startedAt, endedAt: Date.now(), isLoss: false, isStanding: true, sparesReplicas: false };
  const duplicates: Happened = { ...always, name: 'duplicated messages', affects: ['run'], evidence: adapter.duplicated > 0 ? `${adapter.duplicated} of ${asked}` : undefined };
  const models = modelNames.filter((name) => unreliableModels.has(name) || ['slow', 'trickling', 'limited', 'failing'].includes(name)).map((name): Happened => {
    const calls = behaviour.calls.filter(({ model }) => model === name).length;
    return { ...always, name: `provider: ${name}`, evidence: calls > 0 ? `${calls} calls` : undefined, affects: ['modelCall'] };
  });
  return [duplicates, ...models];
}

const seconds = (since: number): string => ((Date.now() - since) / 1_000).toFixed(1);
