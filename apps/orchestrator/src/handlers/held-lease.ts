import type { LeaseStore } from '../storage/lease.store.js';

export interface HeldLeaseOptions {
  readonly partition: number;
  readonly owner: string;
  /** After this long without `hold()` another replica may have it, milliseconds. */
  readonly lifeMs: number;
}

/** A lease that a replica takes when it is free and keeps as long as it asks often enough. */
export class HeldLease {
  private epoch: number | undefined;

  constructor(private readonly leases: LeaseStore, private readonly options: HeldLeaseOptions) {}

  /** True when it is this replica's for `lifeMs` from now. */
  async hold(): Promise<boolean> {
    const { partition, owner, lifeMs } = this.options;
    if (this.epoch !== undefined && (await this.leases.renew(partition, this.epoch, lifeMs))) return true;
    this.epoch = await this.leases.take(partition, owner, lifeMs);
    return this.epoch !== undefined;
  }

  /** Another replica may have it at once. */
  async giveUp(): Promise<void> {
    const { epoch } = this;
    this.epoch = undefined;
    if (epoch !== undefined) await this.leases.renew(this.options.partition, epoch, 0);
  }
}
