/** `unknown`: it could not be looked at. */
export type Verdict = 'ok' | 'warning' | 'failure' | 'unknown';

/** What one look at one thing says. */
export interface Finding {
  /** What was looked at: `redis`, `postgres`, `channels` ... */
  readonly subject: string;
  readonly verdict: Verdict;
  readonly says: string;
  /** What to do; there is one for everything that is not ok. */
  readonly advice?: string;
}

/** Findings of one subject. */
export const findingsOf = (subject: string) => ({
  ok: (says: string): Finding => ({ subject, verdict: 'ok', says }),
  warning: (says: string, advice: string): Finding => ({ subject, verdict: 'warning', says, advice }),
  failure: (says: string, advice: string): Finding => ({ subject, verdict: 'failure', says, advice }),
  unknown: (says: string, advice: string): Finding => ({ subject, verdict: 'unknown', says, advice }),
});

const GRAVITY: readonly Verdict[] = ['ok', 'unknown', 'warning', 'failure'];

/** The gravest of them; `ok` for none. */
export const worst = (findings: readonly Finding[]): Verdict => findings.reduce<Verdict>((gravest, { verdict }) => (GRAVITY.indexOf(verdict) > GRAVITY.indexOf(gravest) ? verdict : gravest), 'ok');
