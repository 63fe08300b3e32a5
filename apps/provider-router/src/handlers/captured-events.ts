import type { ChannelBus, OutgoingMessage } from '@nexus/channels';
import { ProgressPartSchema } from '@nexus/contracts';
import { create } from '@bufbuild/protobuf';

/** A stream with more than this is not kept. */
const MOST_BYTES = 16_777_216;

/** Passes the live parts of one call on under the id that it was asked under, and remembers their events. */
export class CapturedEvents implements Pick<ChannelBus, 'publish'> {
  private readonly parts: Uint8Array[] = [];
  private bytes = 0;

  constructor(
    private readonly bus: Pick<ChannelBus, 'publish'>,
    private readonly askedAs: string,
  ) {}

  publish(message: OutgoingMessage): Promise<void> {
    const { payload } = message;
    if (payload.$typeName !== 'nexus.run.v1.ProgressPart' || payload.part.case !== 'events') return this.bus.publish(message);
    this.bytes += payload.part.value.length;
    if (this.bytes <= MOST_BYTES) this.parts.push(payload.part.value);
    return this.bus.publish({ ...message, id: `${this.askedAs}.${payload.seq}`, payload: create(ProgressPartSchema, { ...payload, messageId: this.askedAs }) });
  }

  /** The events of this many parts; undefined when they are not all there. */
  of(parts: bigint): Uint8Array | undefined {
    return BigInt(this.parts.length) === parts ? Buffer.concat(this.parts) : undefined;
  }
}
