import type { Thread, ThreadMessage } from '@nexus/contracts';
import { toOpenAiMessages, type OpenAiMessage } from './openai-messages.js';
import { toUnixSeconds } from './unix-seconds.js';

/** One page of anything, as OpenAI gives it; `last_id` is the next page's `after`. */
export interface ListJson<T> {
  readonly object: 'list';
  readonly data: readonly T[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

export interface ThreadJson {
  readonly id: string;
  readonly object: 'thread';
  readonly title: string;
  readonly surface: string;
  readonly client: string;
  readonly project: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly archived_at: number | null;
}

export type ThreadMessageJson = OpenAiMessage & {
  readonly id: string;
  readonly object: 'thread.message';
  readonly thread_id: string;
  readonly run_id: string;
  readonly created_at: number;
};

export function listJson<T extends { readonly id: string }>(data: readonly T[], hasMore: boolean): ListJson<T> {
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: hasMore };
}

export function threadJson(thread: Thread): ThreadJson {
  return {
    id: thread.id,
    object: 'thread',
    title: thread.title,
    surface: thread.surface,
    client: thread.client,
    project: thread.project,
    created_at: toUnixSeconds(thread.createdAt),
    updated_at: toUnixSeconds(thread.updatedAt),
    archived_at: thread.archivedAt > 0n ? toUnixSeconds(thread.archivedAt) : null,
  };
}

/** A stored message in OpenAI's words: one, or one for each tool result, whose ids then end in their place (`.1`, `.2` ...). */
export function threadMessageJson(threadId: string, { id, runId, message, createdAt }: ThreadMessage): ThreadMessageJson[] {
  const written = message ? toOpenAiMessages(message) : [];
  return written.map((one, i) => ({
    id: i === 0 ? id : `${id}.${i}`,
    object: 'thread.message',
    thread_id: threadId,
    run_id: runId,
    created_at: toUnixSeconds(createdAt),
    ...one,
  }));
}

/** The stored message that an id of threadMessageJson() belongs to: `run.seq`, without the place of a tool result. */
export function storedMessageId(id: string): string {
  return id.split('.').slice(0, 2).join('.');
}
