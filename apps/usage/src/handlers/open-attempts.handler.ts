import { Inject, Injectable } from '@nestjs/common';
import { AppError, failpoint, type Clock, type MicroUsd } from '@nexus/core';
import { GroupCommit } from '@nexus/postgres';
import { CLOCK, METRICS, type Metrics } from '@nexus/runtime';
import type { AttemptResult, PlannedAttempt } from '../domain/attempt.js';
import { budgetScopes, type WhenReached } from '../domain/budget.js';
import { budgetExceeded, refusedBefore } from '../domain/budget-refusal.js';
import { AttemptRepository, type OpenedRow } from '../storage/attempt.repository.js';

/** What came of asking for an attempt; only `opened` allows the call. */
export type OpenedAttempt =
  | { readonly state: 'opened'; readonly attemptId: string; readonly grantedOutputTokens: number }
  /** `owner` is set when it belongs to another owner, which is alive. */
  | { readonly state: 'in_flight' | 'unknown'; readonly attemptId: string; readonly owner: string }
  /** `result` says how it ended; undefined when nobody knows any more. */
  | { readonly state: 'settled'; readonly attemptId: string; readonly owner: string; readonly result: AttemptResult | undefined }
  | { readonly state: 'refused'; readonly attemptId: string; readonly error: AppError; readonly whenReached: WhenReached; readonly affordable: MicroUsd };

/** Opens attempts: those that requests bring at the same time share one commit. */
@Injectable()
export class OpenAttemptsHandler {
  private readonly group = new GroupCommit<readonly PlannedAttempt[], readonly OpenedAttempt[]>({
    commit: (requests) => this.open(requests),
    keysOf: (attempts) => attempts.map(({ attemptId }) => attemptId),
  });

  private readonly refusals;
  private readonly outcomes;

  constructor(
    private readonly repository: AttemptRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(METRICS) metrics: Metrics,
  ) {
    this.refusals = metrics.counter('nexus_budget_refusals_total', 'Model calls that this process refused because a budget had not enough left, by the scope of the budget.', ['scope']);
    this.outcomes = metrics.counter('nexus_ledger_attempts_total', 'Attempts that were asked for: opened, refused by a budget, or there already (in_flight, settled, unknown).', ['outcome']);
    for (const scope of budgetScopes) this.refusals.inc({ scope }, 0);
    for (const outcome of ['opened', 'refused', 'unknown']) this.outcomes.inc({ outcome }, 0);
  }

  /** One answer for each attempt, in their order. The same attempt again opens nothing. */
  async handle(attempts: readonly PlannedAttempt[]): Promise<readonly OpenedAttempt[]> {
    return attempts.length === 0 ? [] : this.group.submit(attempts);
  }

  private async open(requests: readonly (readonly PlannedAttempt[])[]): Promise<readonly OpenedAttempt[][]> {
    const batch = requests.flat();
    const now = this.clock.now();
    const { openedAsAsked, others } = await this.repository.open(batch, now);
    failpoint('usage.after-open');
    // Who is not among the others was opened: that must add up, or a call would be allowed that nobody reserved.
    if (openedAsAsked + others.length !== batch.length) throw new AppError('internal', 'The ledger lost count of its attempts.');
    this.outcomes.inc({ outcome: 'opened' }, openedAsAsked);
    for (const { outcome, budget_scope: scope } of others) {
      this.outcomes.inc({ outcome });
      if (outcome === 'refused') this.refusals.inc({ scope: scope ?? 'none' });
    }
    const byId = new Map(others.map((row) => [row.attempt_id, row]));
    return requests.map((attempts) =>
      attempts.map(({ attemptId, maxOutputTokens }) => {
        const row = byId.get(attemptId);
        return row === undefined ? { state: 'opened', attemptId, grantedOutputTokens: maxOutputTokens } : openedFrom(row, now);
      }),
    );
  }
}

function openedFrom(row: OpenedRow, now: number): OpenedAttempt {
  const { attempt_id: attemptId, outcome, granted, held_by: owner, result } = row;
  switch (outcome) {
    case 'opened':
      return { state: outcome, attemptId, grantedOutputTokens: granted };
    case 'refused':
      return { state: outcome, attemptId, error: refusalOf(row, now), whenReached: row.when_reached ?? 'refuse', affordable: row.affordable ?? 0 };
    case 'settled':
      return { state: outcome, attemptId, owner: owner ?? '', result: result ?? undefined };
    case 'in_flight':
    case 'unknown':
      return { state: outcome, attemptId, owner: owner ?? '' };
  }
}

function refusalOf({ budget_name: name, budget_period: period, budget_scope: scope, budget_subject: subject, day }: OpenedRow, now: number): AppError {
  if (name === null || period === null || scope === null || day === null) return refusedBefore();
  return budgetExceeded({ name, scope, subject: subject ?? '', period, day }, now);
}
