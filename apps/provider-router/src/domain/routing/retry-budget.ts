import type { RetryConfig } from './routing-config.js';

/** How many retries a replica may make: each first try adds a share of one, each retry takes one, and so many can be saved up. */
export class RetryBudget {
  private left: number;

  constructor(private readonly config: Pick<RetryConfig, 'share' | 'reserve'>) {
    this.left = config.reserve;
  }

  /** A request was tried for the first time. */
  earn(): void {
    this.left = Math.min(this.config.reserve, this.left + this.config.share);
  }

  /** True when a retry may be made, which is then taken off. */
  spend(): boolean {
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }
}
