import { worst, type Finding, type Verdict } from '../domain/doctor/finding.js';
import { count } from './count.js';
import type { Paint, Style } from './paint.js';

const MARKS: Readonly<Record<Verdict, { readonly mark: string; readonly style: Style }>> = {
  ok: { mark: 'ok  ', style: 'green' },
  unknown: { mark: '?   ', style: 'yellow' },
  warning: { mark: 'warn', style: 'yellow' },
  failure: { mark: 'FAIL', style: 'red' },
};

/** A line for each finding, its advice below it, and a line that sums up. */
export function doctorLines(findings: readonly Finding[], paint: Paint): string[] {
  const width = Math.max(0, ...findings.map(({ subject }) => subject.length));
  const lines = findings.flatMap(({ subject, verdict, says, advice }) => {
    const { mark, style } = MARKS[verdict];
    const line = `${paint(style, mark)}  ${subject.padEnd(width)}  ${says}`;
    return advice === undefined ? [line] : [line, `${' '.repeat(width + 8)}${paint('dim', advice)}`];
  });
  return [...lines, '', summary(findings)];
}

function summary(findings: readonly Finding[]): string {
  const of = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length;
  const verdict = worst(findings);
  if (verdict === 'ok') return 'Everything that was looked at is well.';
  const parts = [[of('failure'), 'failure'], [of('warning'), 'warning'], [of('unknown'), 'open question']] as const;
  return `${parts.flatMap(([many, name]) => (many === 0 ? [] : [count(many, name)])).join(', ')}.`;
}

/** For programs. `verdict` is the gravest of the findings. */
export function doctorJson(findings: readonly Finding[], at: Date): string {
  return JSON.stringify({ at: at.toISOString(), verdict: worst(findings), findings: findings.map(({ subject, verdict, says, advice }) => ({ subject, verdict, says, advice: advice ?? null })) });
}

/** What has changed since the look before: what is wrong now, then what is well again. Nothing when nothing has changed. */
export function changeLines(before: readonly Finding[], now: readonly Finding[], at: Date, paint: Paint): string[] {
  // figures change from look to look: what is told is what there is to be done
  const keyOf = ({ subject, verdict, advice }: Finding): string => `${subject} ${verdict} ${advice}`;
  const trouble = (findings: readonly Finding[]): Finding[] => findings.filter(({ verdict }) => verdict !== 'ok');
  const [known, present] = [new Set(trouble(before).map(keyOf)), new Set(trouble(now).map(keyOf))];
  const begun = trouble(now).filter((finding) => !known.has(keyOf(finding)));
  const over = trouble(before).filter((finding) => !present.has(keyOf(finding)));
  const time = at.toISOString().slice(11, 19);
  return [
    ...begun.map(({ subject, verdict, says, advice }) => `${time}  ${paint(MARKS[verdict].style, MARKS[verdict].mark)}  ${subject}: ${says}. ${advice}`),
    ...over.map(({ subject, says }) => `${time}  ${paint('green', 'over')}  ${subject}: ${says}`),
  ];
}
