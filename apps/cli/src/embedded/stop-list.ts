/** Ends something within about `graceMs`. */
export type Stop = (graceMs: number) => Promise<unknown>;

/** What was started, to be ended in the reverse order. What is added while it ends is ended at once. */
export class StopList {
  private readonly stops: Stop[] = [];
  private readonly late: Promise<unknown>[] = [];
  private readonly failures: unknown[] = [];
  private isEnding = false;

  add(stop: Stop): void {
    if (this.isEnding) this.late.push(this.carryOut(stop, 0));
    else this.stops.push(stop);
  }

  /** Carries out every step, also when one fails, and resolves to the failures. Called again it ends what is left. */
  async end(graceMs: number): Promise<readonly unknown[]> {
    this.isEnding = true;
    for (let stop = this.stops.pop(); stop !== undefined; stop = this.stops.pop()) await this.carryOut(stop, graceMs);
    for (let stop = this.late.pop(); stop !== undefined; stop = this.late.pop()) await stop;
    return this.failures;
  }

  /** Everything that is left, at the same time and without grace. */
  async endNow(): Promise<void> {
    this.isEnding = true;
    await Promise.all(this.stops.splice(0).reverse().map((stop) => this.carryOut(stop, 0)));
  }

  private async carryOut(stop: Stop, graceMs: number): Promise<void> {
    try {
      await stop(graceMs);
    } catch (error) {
      this.failures.push(error);
    }
  }
}
