import type { OutgoingMessage } from '@nexus/channels';
import type { Clock } from '@nexus/core';

interface Answered {
  readonly requestHash: string;
  readonly messages: readonly OutgoingMessage[];
  readonly bytes: number;
  readonly until: number;
}

/** What a message weighs on the heap beside the text in it: a call with a short answer, which is two messages, was measured at 3.8 kB. */
const FRAME_BYTES = 1_750;

/**
 * What this life of this replica published of each call that it made, for as long and as much as memory is given for it: a request that
 * comes again gets the same answer, and a record that the ledger has not heard of is told again.
 */
export class AnsweredCalls {
  /** The oldest first. */
  private readonly answers = new Map<string, Answered>();
  private bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: { readonly bytes: number; readonly keepMs: number },
  ) {}

  /** The hash is the one that the request came with, empty without an idempotency key. */
  remember(tenantId: string, attemptId: string, messages: readonly OutgoingMessage[], requestHash = ''): void {
    const now = this.clock.now();
    const answered = { requestHash, messages, bytes: messages.reduce((sum, message) => sum + FRAME_BYTES + textBytes(message), 0), until: now + this.limits.keepMs };
    const key = keyOf(tenantId, attemptId);
    this.forget(key);
    this.answers.set(key, answered);
    this.bytes += answered.bytes;
    for (const [oldest, { until }] of this.answers) {
      if (until > now && this.bytes <= this.limits.bytes) break;
      this.forget(oldest);
    }
  }

  /** What was published, or undefined when it was not by this life, or is forgotten, or was for a request with another hash, if one is given. */
  find(tenantId: string, attemptId: string, requestHash?: string): readonly OutgoingMessage[] | undefined {
    const answered = this.answers.get(keyOf(tenantId, attemptId));
    return answered !== undefined && (requestHash ?? answered.requestHash) === answered.requestHash && answered.until > this.clock.now() ? answered.messages : undefined;
  }

  private forget(key: string): void {
    const answered = this.answers.get(key);
    if (answered === undefined) return;
    this.bytes -= answered.bytes;
    this.answers.delete(key);
  }
}

function keyOf(tenantId: string, attemptId: string): string {
  return `${tenantId} ${attemptId}`;
}

/** The length of what a provider said: all else in an answer is small. */
function textBytes({ payload }: OutgoingMessage): number {
  if (payload.$typeName !== 'nexus.inference.v1.InferenceResponse' || payload.outcome.case !== 'completion') return 0;
  const { output } = payload.outcome.value;
  if (output.case === 'body') return output.value.length;
  if (output.case !== 'message') return 0;
  return output.value.parts.reduce((sum, { kind }) => {
    if (kind.case === 'text' || kind.case === 'reasoning') return sum + kind.value.length;
    return sum + (kind.case === 'toolCall' ? kind.value.arguments.length : 0);
  }, 0);
}
