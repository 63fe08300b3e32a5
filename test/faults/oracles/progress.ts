import type { Question } from '../load/questions.js';
import { unreliableModels } from '../load/model-names.js';
import type { Timeline, Work } from '../timeline.js';
import type { FaultRecord, Recovery } from './evidence.js';

/** Something was asked for at `from` and had its end at `to`, on the clock of Date.now(). */
export interface Asked {
  readonly from: number;
  readonly to: number | undefined;
}

/** When each kind of work was asked for. Where the provider itself misbehaves is left out: nobody can say when that ends. */
export type Demand = ReadonlyMap<Work, readonly Asked[]>;

type Fault = Omit<FaultRecord, 'doneMeanwhile'>;

/** Work is looked for in this time after a fault at least. */
const AFTERWARDS_MS = 15_000;
/** What is asked for later says nothing of a fault. */
const ASKED_WITHIN_MS = 5_000;

/** The demand that questions and changes of settings make. */
export function demandOf(questions: readonly Question[], changes: readonly Asked[]): Demand {
  const reliable = questions.filter(({ model }) => !unreliableModels.has(model));
  const spans = (isOne: (question: Question) => boolean): Asked[] => reliable.filter(isOne).map(({ askedAt, answeredAt }) => ({ from: askedAt, to: answeredAt }));
  return new Map<Work, readonly Asked[]>([
    ['run', spans(({ kind }) => kind === 'bus')], ['toolRun', spans(({ kind, model }) => kind === 'bus' && (model === 'counting' || model === 'looking'))],
    ['completion', spans(({ kind }) => kind === 'completion')], ['stream', spans(({ kind }) => kind === 'stream')], ['modelCall', spans(() => true)], ['setting', changes],
  ]);
}

/** How long the slowest of the kinds that a fault hits stood still; undefined when the fault hits nothing that was asked for. */
export function recoveryOf(fault: Fault, timeline: Timeline, demand: Demand): Recovery | undefined {
  const all = askedKinds(fault, demand).map(({ work, from }): Recovery => {
    const next = timeline.nextAfter([work], from);
    return { name: fault.name, work, milliseconds: next === undefined ? undefined : next - from };
  });
  return all.reduce<Recovery | undefined>((slowest, one) => (slowest === undefined || (one.milliseconds ?? Infinity) > (slowest.milliseconds ?? Infinity) ? one : slowest), undefined);
}

/** Another fault hit the same kinds of work before this one was over: then that one's recovery is what is measured. A recovery that never came counts all the same. */
export function isOvertaken(fault: Fault, { milliseconds }: Pick<Recovery, 'milliseconds'>, all: readonly Fault[]): boolean {
  if (milliseconds === undefined) return false;
  const isSame = (other: Fault): boolean => fault.affects.every((work) => other.affects.includes(work));
  return all.some((other) => other !== fault && isSame(other) && other.startedAt > fault.startedAt && other.startedAt < fault.startedAt + milliseconds);
}

/** How much was done meanwhile: of all kinds until the end of a fault that spares replicas, else of the rarest kind that was asked for. */
export function doneMeanwhile(fault: Fault, timeline: Timeline, demand: Demand): number {
  const { affects, startedAt, endedAt } = fault;
  if (affects.length === 0) return 1;
  if (fault.sparesReplicas) return timeline.between(affects, startedAt, endedAt);
  if (fault.isStanding) return Math.min(...affects.map((work) => timeline.between([work], startedAt, endedAt)));
  const kinds = askedKinds(fault, demand);
  return kinds.length === 0 ? 1 : Math.min(...kinds.map(({ work }) => timeline.between([work], startedAt, endedAt + AFTERWARDS_MS)));
}

/** The affected kinds that were asked for, each with the time from which on it is due. Runs are asked for all the time. */
function askedKinds({ affects, startedAt, endedAt }: Fault, demand: Demand): { readonly work: Work; readonly from: number }[] {
  return affects.flatMap((work) => {
    const due = (demand.get(work) ?? []).filter(({ from, to }) => from <= endedAt + ASKED_WITHIN_MS && (to ?? Infinity) > startedAt);
    // what was asked before may have had its model call before
    const asked = work === 'modelCall' ? due.filter(({ from }) => from >= startedAt) : due;
    if (asked.length === 0) return work === 'run' ? [{ work, from: startedAt }] : [];
    return [{ work, from: Math.max(startedAt, asked.reduce((least, { from }) => Math.min(least, from), Infinity)) }];
  });
}
