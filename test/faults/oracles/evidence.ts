import type { Death } from '../cluster/replica.js';
import type { ProviderCall } from '../load/model-behaviour.js';
import type { Question } from '../load/questions.js';
import type { Splice } from '../load/run-stream.js';
import type { Sighting } from '../load/sightings.js';
import type { Work } from '../timeline.js';

/** A run as orchestrator stored it. Times are Unix milliseconds. */
export interface StoredRun {
  readonly runId: string;
  readonly messageId: string;
  readonly threadId: string;
  readonly threadSeq: number;
  /** nexus.run.v1.RunStatus: 1 queued, 2 active, 3 and more are ends. */
  readonly status: number;
  readonly createdAt: number;
  readonly finishedAt: number | undefined;
}

/** An attempt as usage stored it, with its ledger row once it has one. */
export interface StoredAttempt {
  readonly attemptId: string;
  readonly state: string;
  readonly reserved: number;
  readonly openedAt: number;
  readonly settledAt: number | undefined;
  readonly ledger: LedgerRow | undefined;
}

export interface LedgerRow {
  readonly cost: number;
  readonly input: number;
  readonly output: number;
  readonly isEstimated: boolean;
  readonly result: string;
  readonly errorCode: string;
  /** How an attempt that nobody knew of was resolved; empty when it was settled as usual. */
  readonly resolution: string;
}

/** What reports say of one day and model, and what the rows of the ledger say. */
export interface StoredSum {
  readonly name: string;
  readonly reported: SumFigures;
  readonly ofRows: SumFigures;
}

export interface SumFigures {
  readonly attempts: number;
  readonly cost: number;
  readonly tokens: number;
}

export interface StoredBudget {
  readonly name: string;
  readonly spent: number;
  readonly reserved: number;
  /** What the ledger says that the budget's window has cost. */
  readonly ledgerSum: number;
}

export interface DeadLetterRow {
  readonly schema: string;
  readonly channel: string;
  readonly messageId: string;
  readonly reason: string;
}

/** What a stream holds in the end that its own group has not finished. */
export interface Leftover {
  readonly channel: string;
  readonly pending: number;
  /** Entries that the group was not handed; all of them when there is no group. */
  readonly lag: number;
}

/** A message that nobody can read, published at a time in Unix milliseconds. */
export interface Poison {
  readonly id: string;
  readonly publishedAt: number;
}

/** A fault that was carried out. Times are Unix milliseconds. */
export interface FaultRecord {
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Why it is known that it happened; undefined when it did not. */
  readonly evidence: string | undefined;
  readonly affects: readonly Work[];
  /** Work of the affected kinds that was finished while it lasted or right after; see doneMeanwhile of progress.ts. */
  readonly doneMeanwhile: number;
  /** Redis may have lost entries. */
  readonly isLoss: boolean;
  /** It lasts from the start of a round to its end, and so explains nothing that happens once. */
  readonly isStanding: boolean;
  /** It lasts long, and replicas that it does not touch go on with the work meanwhile. */
  readonly sparesReplicas: boolean;
}

/** How long the affected kinds of work stood still after a fault: the slowest of those that were asked for. */
export interface Recovery {
  readonly name: string;
  readonly work: Work;
  /** Undefined: it never went on. */
  readonly milliseconds: number | undefined;
}

/** All that the oracles judge: plain records, so that a test can make them up. */
export interface Evidence {
  readonly questions: readonly Question[];
  readonly sightings: readonly Sighting[];
  readonly runs: readonly StoredRun[];
  readonly calls: readonly ProviderCall[];
  readonly attempts: readonly StoredAttempt[];
  readonly budgets: readonly StoredBudget[];
  readonly sums: readonly StoredSum[];
  /** Calls by `<tool>/<number>`. */
  readonly effects: ReadonlyMap<string, number>;
  readonly deadLetters: readonly DeadLetterRow[];
  readonly poison: readonly Poison[];
  readonly leftovers: readonly Leftover[];
  readonly splices: readonly Splice[];
  /** Changes of settings: how many, and which of them went wrong. */
  readonly settings: { readonly count: number; readonly wrong: readonly string[] };
  readonly faults: readonly FaultRecord[];
  readonly recoveries: readonly Recovery[];
  readonly deaths: readonly Death[];
  /** Times when a server was down, in which services may fail to start. */
  readonly outages: readonly { readonly from: number; readonly to: number }[];
}

/** What an oracle says: how many things it looked at, and each thing that is wrong, in words. */
export interface Verdict {
  readonly oracle: string;
  readonly checked: number;
  readonly violations: readonly string[];
  /** Numbers worth showing that are no violation. */
  readonly notes?: string;
}

export type Oracle = (evidence: Evidence) => Verdict;
