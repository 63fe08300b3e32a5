/** How far the share of the grace period goes that work under way has; the rest is for telling those who still wait. */
const LAST_CALL_SHARE = 0.9;

/** How a service's parts learn that it stops, and that what is not finished by now never will be. */
export class Stopping {
  private readonly begun = new AbortController();
  private readonly ending = new AbortController();

  /** Aborts when the service is asked to stop: what can go on elsewhere is ended now, what cannot has the grace period. */
  get signal(): AbortSignal {
    return this.begun.signal;
  }

  /** Aborts when most of the grace period is over, before connections are cut: whoever still waits is to be told now. */
  get lastCall(): AbortSignal {
    return this.ending.signal;
  }

  /** Tells all parts. Does nothing the second time. */
  begin(graceMs: number): void {
    if (this.begun.signal.aborted) return;
    this.begun.abort();
    if (graceMs <= 0) this.ending.abort();
    else setTimeout(() => this.ending.abort(), graceMs * LAST_CALL_SHARE).unref();
  }
}
