import { createServer } from 'node:http';
import { create } from '@bufbuild/protobuf';
import type { OutgoingMessage } from '@nexus/channels';
import { EventRaisedSchema } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { listen } from '@nexus/testing';
import { Webhook } from 'standardwebhooks';

/** What a receiver got, unverified. */
export interface ReceivedPost {
  readonly path: string;
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A real HTTP server that receives webhooks and answers as told. */
export class WebhookReceiver {
  readonly posts: ReceivedPost[] = [];
  /** Posts to each path that were under way at the same time, at most. */
  readonly mostAtOnce = new Map<string, number>();
  private readonly underWay = new Map<string, number>();
  /** The status for a post; undefined never answers. */
  answer: (post: ReceivedPost) => number | undefined | Promise<number | undefined> = () => 204;

  private constructor(
    readonly url: string,
    readonly close: () => Promise<void>,
  ) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      receiver.count(path, 1);
      response.on('close', () => receiver.count(path, -1));
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
        const headers = request.headers as Record<string, string>;
        const post = { path, id: headers['webhook-id'] ?? '', headers, body };
        receiver.posts.push(post);
        void Promise.resolve(receiver.answer(post)).then((status) => status !== undefined && response.writeHead(status).end());
      });
    });
    const { url, close } = await listen(server);
    const receiver = new WebhookReceiver(url, close);
    return receiver;
  }

  private count(path: string, change: number): void {
    const now = (this.underWay.get(path) ?? 0) + change;
    this.underWay.set(path, now);
    this.mostAtOnce.set(path, Math.max(now, this.mostAtOnce.get(path) ?? 0));
  }

  /** Ids of the posts to a path, in their order. */
  idsTo(path: string): string[] {
    return this.posts.filter((post) => post.path === path).map(({ id }) => id);
  }
}

/** The event of a post, as an independent reader of Standard Webhooks verifies it; throws when it is not signed with the secret. */
export function verified(post: ReceivedPost | undefined, secret: string): Record<string, unknown> {
  return new Webhook(secret).verify(post?.body ?? '', post?.headers ?? {}) as Record<string, unknown>;
}

/** An event of a tenant. */
export function raised(tenantId: string, more: { id?: string; type?: string; dataJson?: string } = {}): OutgoingMessage<'events.raised'> {
  const { id = newId(), type = 'run.finished', dataJson = '{"run_id":"r1"}' } = more;
  return { channel: 'events.raised', id, tenantId, payload: create(EventRaisedSchema, { type, subject: 'r1', atMs: 1_795_192_874_123n, dataJson }) };
}
