import type { IncomingHttpHeaders } from 'node:http';
import { completionUsage, type FakeUsage } from './fake-completion.js';
import type { ChatRequest, FakeReply } from './fake-reply.js';

/** What the provider knows of one attempt, by its own account: what it charges, whoever heard the answer. */
export interface FakeAttempt {
  /** `in_progress` until the answer has ended or the client has left. */
  status: 'in_progress' | 'completed' | 'failed';
  /** Of the whole answer, also when the client left before its end; undefined for errors, and where the reply leaves usage out. */
  usage: FakeUsage | undefined;
  /** How often it was asked; more than once is a call that was repeated. */
  requests: number;
}

/** The attempts that a fake provider was asked for, by the id that their requests carried. */
export class FakeAttempts {
  readonly known = new Map<string, FakeAttempt>();

  /** Notes a request; one without an id is forgotten. Answers what to call with its reply, and then when the exchange has ended. */
  begin(headers: IncomingHttpHeaders, body: ChatRequest): (reply: FakeReply) => () => void {
    const id = headers['x-client-request-id'] ?? headers['idempotency-key'];
    if (typeof id !== 'string') return () => () => undefined;
    const attempt = this.known.get(id) ?? { status: 'in_progress', usage: undefined, requests: 0 };
    attempt.requests++;
    this.known.set(id, attempt);
    return (reply) => () => {
      const isFailed = (reply.status ?? 200) >= 400;
      attempt.status = isFailed ? 'failed' : 'completed';
      attempt.usage = isFailed ? undefined : completionUsage(reply, JSON.stringify(body.messages).length);
    };
  }
}
