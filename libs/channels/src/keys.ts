import type { ChannelName } from '@nexus/contracts';

/** Every Redis key of the channels is made here. */
export class ChannelKeys {
  /** @param prefix put before every key; empty by default, so that a channel's key is exactly its name. */
  constructor(
    private readonly prefix: string,
    private readonly partitions: number,
  ) {}

  /** Of a work channel: `requests.incoming`, or `requests.incoming.{3}` with more than one partition. */
  channel(name: ChannelName, partition = 0): string {
    return this.partitions === 1 ? `${this.prefix}${name}` : `${this.prefix}${name}.{${partition}}`;
  }

  /** Of a work channel, every partition's. */
  all(name: ChannelName): string[] {
    return Array.from({ length: this.partitions }, (_, partition) => this.channel(name, partition));
  }

  /** Of a channel that everybody reads: it has no partitions. */
  broadcast(name: ChannelName): string {
    return `${this.prefix}${name}`;
  }

  /** `requests.processed:<reply-to>`. */
  reply(name: ChannelName, replyTo: string): string {
    return `${this.prefix}${name}:${replyTo}`;
  }

  /** Says that an id was published to this stream; its braces keep it in the stream's cluster slot. */
  marker(streamKey: string, id: string): string {
    return /\{[^}]+\}/.test(streamKey) ? `${streamKey}:once:${id}` : `{${streamKey}}:once:${id}`;
  }

  partitionOf(key: string): number {
    if (this.partitions === 1) return 0;
    let hash = 2166136261;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 16777619);
    return (hash >>> 0) % this.partitions;
  }
}
