/** What was started, to be ended in the reverse order. */
export class Teardown {
  private readonly steps: ((graceMs: number) => Promise<unknown>)[] = [];

  add(step: (graceMs: number) => Promise<unknown>): void {
    this.steps.push(step);
  }

  /** Carries out every step once, each with what is left of the grace period, also when one fails; then rejects with the first failure. */
  async run(graceMs: number): Promise<void> {
    const end = performance.now() + graceMs;
    const failures: unknown[] = [];
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step(Math.max(0, end - performance.now()));
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
