import type { IncomingRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { ThreadStore } from '../storage/thread.store.js';
import type { ProvenPublisher } from './publisher-check.js';

/**
 * Whether what was asked on the surface `asked` is none of a publisher's business, who speaks for the surface `own` now. Ids of messages, runs and
 * threads can be guessed or reckoned: a key of one surface hears, goes on from and stops nothing of another one. API keys see all of their tenant.
 */
export function isOfOtherSurface({ isSurface }: Pick<ProvenPublisher, 'isSurface'>, own: string, asked: string): boolean {
  return isSurface && own !== asked;
}

/** Of a message under whose id another surface asked something. */
export function idOfOtherSurface(): AppError {
  return new AppError('permission_denied', 'A message of another surface has this id. Use an id of your own.', { status: 403, param: 'id' });
}

/** Throws AppError `thread_not_found` (404) when the key of a surface names a thread that its surface has not begun. */
export async function requireOwnThread(threads: Pick<ThreadStore, 'get'>, publisher: Pick<ProvenPublisher, 'isSurface' | 'tenantId'>, { surface, threadId }: IncomingRequest): Promise<void> {
  if (!publisher.isSurface || threadId === '') return;
  const thread = await threads.get(publisher.tenantId, threadId);
  if (thread === undefined || isOfOtherSurface(publisher, surface, thread.surface)) {
    throw new AppError('thread_not_found', 'This surface has begun no such thread.', { status: 404, param: 'thread_id' });
  }
}
