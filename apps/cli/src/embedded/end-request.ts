import { AppError } from '@nexus/core';

/** Why everything shall end: somebody asked, or something is broken. */
export type EndReason = { readonly kind: 'asked'; readonly signal: NodeJS.Signals } | { readonly kind: 'broken'; readonly error: AppError };

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Waits for the end: a signal, an error that nobody caught, or what is reported as broken. The first reason counts. */
export class EndRequest {
  private readonly promise = Promise.withResolvers<EndReason>();
  private readonly abort = new AbortController();
  private signals = 0;

  /** @param onImpatience told of each signal after the first one. */
  constructor(onImpatience: (times: number) => void) {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        this.signals += 1;
        if (this.signals === 1) this.settle({ kind: 'asked', signal });
        else onImpatience(this.signals);
      });
    }
    // The state is unknown then: ended in order, it is started anew.
    process.on('uncaughtException', (error) => this.broken(new AppError('internal', 'An error that nobody expected; NEXUS stops.', { cause: error })));
    process.on('unhandledRejection', (error) => this.broken(new AppError('internal', 'An error that nobody expected; NEXUS stops.', { cause: error })));
  }

  /** Resolves when there is a reason. */
  get requested(): Promise<EndReason> {
    return this.promise.promise;
  }

  /** Aborted then: what is waited for need not be waited for any more. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  broken(error: AppError): void {
    this.settle({ kind: 'broken', error });
  }

  private settle(reason: EndReason): void {
    this.promise.resolve(reason);
    this.abort.abort();
  }
}
