import { Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { AccountRepository } from '../storage/account.repository.js';
import { OwnedChatRepository } from '../storage/owned-chat.repository.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

/** Gives groups an owner, and takes it from them. */
@Injectable()
export class OwnedChatsHandler {
  constructor(
    private readonly changes: TenantChanges,
    private readonly chats: OwnedChatRepository,
    private readonly accounts: AccountRepository,
  ) {}

  /**
   * The owner, who is the person of this account. Throws AppError `sender_unknown` (403) when it is nobody's, and `chat_owned` (409) when
   * somebody else owns the group.
   */
  claim(actor: Actor, surface: string, chatId: string, accountId: string): Promise<{ readonly id: string; readonly name: string }> {
    return this.changes.make(actor, async (tx, claimedAt) => {
      const owner = await this.accounts.personOf(tx, surface, accountId);
      if (owner === undefined) throw new AppError('sender_unknown', 'Only someone who is linked can own a group. Ask for a code, and send it with /link.', { status: 403, param: 'account_id' });
      const isNew = await this.chats.claim(tx, actor.tenantId, { surface, chatId, ownerId: owner.id, claimedAt });
      if (!isNew) {
        if ((await this.chats.ownerOf(tx, surface, chatId)) === owner.id) return { result: owner };
        throw new AppError('chat_owned', 'This group has another owner. An admin can release it: `nexus people release`.', { status: 409, param: 'chat_id' });
      }
      const name = `${surface} ${chatId}`;
      return {
        result: owner,
        done: { action: 'chat.claimed', subject: name, before: null, after: { owner: owner.id }, risk: AuditRecorded_Risk.MEDIUM, kind: SettingsChanged_Kind.PERSON, name },
      };
    });
  }

  /** The group has no owner any more. Throws AppError `chat_not_owned` (404). */
  release(actor: Actor, surface: string, chatId: string): Promise<void> {
    return this.changes.make(actor, async (tx) => {
      const owner = /\0/.test(surface + chatId) ? undefined : await this.chats.release(tx, surface, chatId);
      if (owner === undefined) throw new AppError('chat_not_owned', 'This group has no owner.', { status: 404, param: 'chat_id' });
      const name = `${surface} ${chatId}`;
      return {
        result: undefined,
        done: { action: 'chat.released', subject: name, before: { owner }, after: null, risk: AuditRecorded_Risk.MEDIUM, kind: SettingsChanged_Kind.PERSON, name },
      };
    });
  }
}
