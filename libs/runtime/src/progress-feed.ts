import type { ChannelBus, Message, Subscription } from '@nexus/channels';

export type ProgressMessage = Message<'requests.progress'>;
export type ProgressListener = (message: ProgressMessage) => void;

/** Hands the live parts of runs to those in this process who wait for them; the channel is read from the first listener on. */
export class ProgressFeed {
  private readonly listeners = new Map<string, Set<ProgressListener>>();
  private subscription: Subscription | undefined;

  constructor(private readonly bus: Pick<ChannelBus, 'follow'>) {}

  /** Resolves when the channel is read: no part that is published from then on is missed. */
  get ready(): Promise<void> {
    return this.following().ready;
  }

  /** Hears the parts of one run or message of a tenant, in the order of their stream, until the function that it gives is called. */
  listen(tenantId: string, runOrMessageId: string, listener: ProgressListener): () => void {
    this.following();
    const key = keyOf(tenantId, runOrMessageId);
    const listeners = this.listeners.get(key) ?? new Set();
    listeners.add(listener);
    this.listeners.set(key, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(key) === listeners) this.listeners.delete(key);
    };
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  private following(): Subscription {
    return (this.subscription ??= this.bus.follow('requests.progress', (batch) => {
      for (const message of batch) this.hand(message);
    }));
  }

  private hand(message: ProgressMessage): void {
    const { runId, messageId } = message.payload;
    for (const id of runId === messageId ? [runId] : [runId, messageId]) {
      for (const listener of [...(this.listeners.get(keyOf(message.tenantId, id)) ?? [])]) listener(message);
    }
  }
}

function keyOf(tenantId: string, id: string): string {
  return `${tenantId} ${id}`;
}
