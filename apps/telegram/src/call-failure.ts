import { GrammyError } from 'grammy';

/**
 * What a failed call means. flood: ask again after `afterMs`. migrated: the group is a supergroup now, with another id. unchanged: the
 * message says this already. gone: the chat, its topic or the message is not there any more, or the bot may not write there. unsure: nobody
 * knows whether it was done. refused: Telegram will never do this.
 */
export type CallFailure =
  | { readonly kind: 'flood'; readonly afterMs: number }
  | { readonly kind: 'migrated'; readonly chatId: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'unsure' }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string };

const GONE = new RegExp(
  [
    'chat not found', 'to edit not found', 'to delete not found', "message can't be edited", "message can't be deleted", 'thread not found', 'topic_closed', 'topic_deleted',
    'topic_id_invalid', 'message_id_invalid', 'not enough rights', 'chat_write_forbidden', 'have no rights', 'need administrator rights', 'user_is_blocked', 'peer_id_invalid', 'chat_restricted',
  ].join('|'),
  'i',
);

/** Reads what grammY threw. Telegram tells its refusals apart by their words only. */
export function failureOf(error: unknown): CallFailure {
  if (!(error instanceof GrammyError)) return { kind: 'unsure' };
  const { error_code: status, description: reason, parameters } = error;
  if (status === 429) return { kind: 'flood', afterMs: (parameters.retry_after ?? 1) * 1_000 };
  if (parameters.migrate_to_chat_id !== undefined) return { kind: 'migrated', chatId: String(parameters.migrate_to_chat_id) };
  if (/message is not modified/i.test(reason)) return { kind: 'unchanged' };
  if (status === 403 || (status === 400 && GONE.test(reason))) return { kind: 'gone', reason };
  return status >= 500 ? { kind: 'unsure' } : { kind: 'refused', status, reason };
}
