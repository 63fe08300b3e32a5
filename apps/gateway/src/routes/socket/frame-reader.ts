import type { GetRunResponse, ProcessedRequest, ProgressPart } from '@nexus/contracts';
import { partFrame } from './part-frame.js';
import { completeFrame } from './server-frame.js';
import type { RunReader } from '../run-stream.js';
import type { SocketChannel } from './socket-channel.js';

/** A run as frames. */
export class FrameReader implements RunReader {
  private runId: string;
  private threadId: string;

  constructor(
    private readonly channel: Pick<SocketChannel, 'send'>,
    private readonly messageId: string,
    stored: GetRunResponse | undefined,
  ) {
    this.runId = stored?.run?.id ?? '';
    this.threadId = stored?.run?.threadId ?? '';
  }

  part(part: ProgressPart, entryId: string): void {
    this.runId = part.runId;
    if (part.part.case === 'accepted') this.threadId = part.part.value.threadId;
    const frame = partFrame(part, entryId, { messageId: this.messageId, threadId: this.threadId });
    if (frame) this.channel.send(frame);
  }

  reset(stored: GetRunResponse | undefined, epoch: bigint): void {
    this.runId = stored?.run?.id ?? this.runId;
    this.channel.send({ type: 'message_reset', message_id: this.messageId, run_id: this.runId, epoch: Number(epoch) });
  }

  answer(answer: ProcessedRequest): void {
    this.channel.send(completeFrame(answer, this.messageId));
  }

  /** The close of the socket says it. */
  leave(): void {
    // nothing to say
  }
}
