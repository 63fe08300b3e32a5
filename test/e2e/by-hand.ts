import { Redis } from 'ioredis';
import { waitFor } from '@nexus/testing';

/** An answer as someone with redis-cli reads it: the payload is decoded by the caller. */
export interface Answer {
  readonly id: string;
  readonly correlationId: string;
  readonly payload: Buffer;
}

/** Publishes and reads with plain Redis commands, as an adapter in any language would. */
export class ByHand {
  private readonly redis: Redis;

  constructor(url: string) {
    this.redis = new Redis(url);
  }

  /** XADDs a question to requests.incoming as proto3 JSON. */
  async ask(id: string, payload: object, options: { readonly token?: string | undefined; readonly replyTo?: string; readonly traceparent?: string } = {}): Promise<void> {
    const metadata = {
      'content-type': 'application/json',
      ...(options.token && { authorization: `Bearer ${options.token}` }),
      ...(options.replyTo && { 'reply-to': options.replyTo }),
      ...(options.traceparent && { traceparent: options.traceparent }),
    };
    await this.redis.xadd('requests.incoming', '*', 'id', id, 'type', 'nexus.run.v1.IncomingRequest', 'payload', JSON.stringify(payload), 'metadata', JSON.stringify(metadata), 'correlation_id', id);
  }

  /** XADDs whatever fields one likes. */
  async publishRaw(channel: string, ...fields: (string | Buffer)[]): Promise<void> {
    await this.redis.xadd(channel, '*', ...fields);
  }

  /** All answers so far with this correlation id. */
  async answers(correlationId: string, key = 'requests.processed'): Promise<Answer[]> {
    const entries = (await this.redis.xrangeBuffer(key, '-', '+')) as [Buffer, Buffer[]][];
    return entries.map(([, fields]) => toAnswer(fields)).filter((answer) => answer.correlationId === correlationId);
  }

  async answer(correlationId: string, timeoutMs = 30_000): Promise<Answer> {
    await waitFor(async () => (await this.answers(correlationId)).length > 0, { timeoutMs });
    const [first] = await this.answers(correlationId);
    if (!first) throw new Error('the answer was there and is gone');
    return first;
  }

  close(): void {
    this.redis.disconnect();
  }
}

function toAnswer(fields: readonly Buffer[]): Answer {
  const named = new Map<string, Buffer>();
  for (let i = 0; i + 1 < fields.length; i += 2) named.set(String(fields[i]), fields[i + 1] ?? Buffer.alloc(0));
  return { id: String(named.get('id')), correlationId: String(named.get('correlation_id')), payload: named.get('payload') ?? Buffer.alloc(0) };
}
