import type { MessageInitShape } from '@bufbuild/protobuf';
import { createRouterTransport } from '@connectrpc/connect';
import { OpenedAttempt_State as State, UsageService, type Attempt, type OpenedAttemptSchema, type ReportOwnerRequest, type ReportOwnerResponseSchema } from '@nexus/contracts';

export type LedgerAnswer = MessageInitShape<typeof OpenedAttemptSchema>;

/** Takes the place of the usage service, reached like the real one: each attempt is opened once, then it is in flight. */
export class FakeLedger {
  /** Every attempt that was asked for, in order. */
  readonly asked: Attempt[] = [];
  readonly opened = new Map<string, string>();
  /** What is answered instead of what the ledger says by itself; may throw. */
  answer: (attempt: Attempt) => LedgerAnswer | undefined | Promise<LedgerAnswer | undefined> = () => undefined;
  /** Called with each question before it is answered; may throw, and hold it up. */
  beforeAnswer: (attempts: readonly Attempt[]) => void | Promise<void> = () => undefined;

  readonly reports: ReportOwnerRequest[] = [];
  /** What an owner that reports is told. */
  duties: (report: ReportOwnerRequest) => MessageInitShape<typeof ReportOwnerResponseSchema> = () => ({});

  readonly transport = createRouterTransport((router) => router.service(UsageService, { reportOwner: (report) => this.report(report), openAttempts: ({ attempts }) => this.openAll(attempts) }));

  report(report: ReportOwnerRequest): MessageInitShape<typeof ReportOwnerResponseSchema> {
    this.reports.push(report);
    return this.duties(report);
  }

  async openAll(attempts: readonly Attempt[]): Promise<{ attempts: LedgerAnswer[] }> {
    this.asked.push(...attempts);
    await this.beforeAnswer(attempts);
    return { attempts: await Promise.all(attempts.map(async (attempt) => ({ attemptId: attempt.attemptId, ...((await this.answer(attempt)) ?? this.open(attempt)) }))) };
  }

  /** As usage does it: once, and for its owner alone. */
  open({ attemptId, owner, maxOutputTokens }: Attempt): LedgerAnswer {
    const openedBy = this.opened.get(attemptId);
    if (openedBy === owner) return { state: State.IN_FLIGHT };
    if (openedBy !== undefined) return this.reports.some((report) => report.owner === openedBy) ? { state: State.IN_FLIGHT, owner: openedBy } : { state: State.UNKNOWN };
    this.opened.set(attemptId, owner);
    return { state: State.OPENED, grantedOutputTokens: maxOutputTokens };
  }
}
