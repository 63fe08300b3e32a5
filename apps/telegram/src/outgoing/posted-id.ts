import type { Place } from '@nexus/adapter-kit';

/** A message of the bot, where it stands. */
export interface Posted {
  readonly chatId: string;
  readonly messageId: number;
}

/** The surface's own id of a posted message. It names the chat when that is not the place's own: the place became a supergroup before. */
export function postedId(place: Place, { chatId, messageId }: Posted): string {
  return chatId === place.chatId ? String(messageId) : `${chatId}:${messageId}`;
}

export function postedOf(place: Place, id: string): Posted {
  const [first = '', second] = id.split(':');
  return second === undefined ? { chatId: place.chatId, messageId: Number(first) } : { chatId: first, messageId: Number(second) };
}
