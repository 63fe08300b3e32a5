import type { Message } from '@nexus/channels';
import type { ChannelName } from '@nexus/contracts';

/** Entries remembered; older ones were acknowledged long ago. */
const CAPACITY = 50_000;

/** Tells a stream entry that comes again, whose outcome may not have been published, from a new entry that repeats an id. */
export class SeenEntries {
  private young = new Set<string>();
  private old = new Set<string>();

  /** True when this very entry was delivered before, here or to another replica. */
  isAgain<C extends ChannelName>({ channel, entryId, deliveries }: Message<C>): boolean {
    const key = `${channel} ${entryId}`;
    const wasSeen = this.young.has(key) || this.old.has(key);
    if (this.young.size >= CAPACITY / 2) {
      this.old = this.young;
      this.young = new Set();
    }
    this.young.add(key);
    return wasSeen || deliveries > 1;
  }
}
