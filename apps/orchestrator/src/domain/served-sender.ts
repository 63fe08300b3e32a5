import { ChatKind, type IncomingRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';

/** What settings know of who wrote; empty where nobody is. */
export interface KnownSender {
  readonly personId: string;
  readonly personName: string;
  readonly ownerId: string;
  readonly ownerName: string;
}

/** For whom a message is answered. */
export interface ServedSender {
  /** What budgets and reports call them. */
  readonly user: string;
  /** It is the sender's own name, and not that of the group's owner, who answers for them. */
  readonly isOwn: boolean;
}

/** Commands that somebody may send before they are known, or before their group has an owner. */
const firstSteps: ReadonlySet<string> = new Set(['link', 'claim']);

/**
 * The person that the sender is; in a group with an owner, of somebody who is not linked, its owner. Throws AppError `sender_unknown` or `chat_unowned`
 * (403) for anybody else, unless they send a command by which they become known.
 */
export function servedSender(request: IncomingRequest, { personId, personName, ownerId, ownerName }: KnownSender): ServedSender {
  const isLinked = personId !== '';
  if (firstSteps.has(request.command?.name ?? '')) return { user: isLinked ? personName : (request.sender?.id ?? ''), isOwn: true };
  if (request.chatKind === ChatKind.GROUP) {
    if (ownerId === '') throw new AppError('chat_unowned', 'Nobody answers for this group yet. Someone who is linked to this bot can do so: send /claim here.', { status: 403, param: 'chat_id' });
    return isLinked ? { user: personName, isOwn: true } : { user: ownerName, isOwn: false };
  }
  if (!isLinked) throw new AppError('sender_unknown', 'This bot serves only people whom it knows. Ask its owner for a code, then send: /link CODE', { status: 403, param: 'sender.id' });
  return { user: personName, isOwn: true };
}
