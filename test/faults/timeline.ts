/** Kinds of work that go on all the time; each fault says which it hits. */
export const works = ['run', 'toolRun', 'completion', 'stream', 'setting', 'modelCall'] as const;
export type Work = (typeof works)[number];

/** When which kind of work was finished, on the clock of Date.now(). */
export class Timeline {
  private readonly times = new Map<Work, number[]>(works.map((work) => [work, []]));
  readonly startedAt = Date.now();

  note(work: Work, at = Date.now()): void {
    this.times.get(work)?.push(at);
  }

  count(work: Work): number {
    return this.times.get(work)?.length ?? 0;
  }

  /** How much of this work was finished from `from` up to `to`. */
  between(works: readonly Work[], from: number, to: number): number {
    return works.reduce((sum, work) => sum + (this.times.get(work) ?? []).filter((at) => at >= from && at <= to).length, 0);
  }

  /** The first time after `at` at which this work was finished. */
  nextAfter(works: readonly Work[], at: number): number | undefined {
    const next = works.flatMap((work) => (this.times.get(work) ?? []).find((time) => time > at) ?? []);
    return next.length === 0 ? undefined : Math.min(...next);
  }
}
