import { Injectable } from '@nestjs/common';
import type { Tx } from '@nexus/postgres';

export interface StoredChat {
  readonly surface: string;
  readonly chatId: string;
  readonly ownerId: string;
  readonly ownerName: string;
  readonly claimedAt: Date;
}

/** Groups that have an owner. */
@Injectable()
export class OwnedChatRepository {
  list(tx: Tx): Promise<StoredChat[]> {
    return tx.query<StoredChat>(
      'chat_list',
      `SELECT c.surface, c.chat_id AS "chatId", c.owner_id AS "ownerId", p.name AS "ownerName", c.claimed_at AS "claimedAt"
         FROM settings.owned_chat c JOIN settings.person p ON p.tenant_id = c.tenant_id AND p.id = c.owner_id ORDER BY c.surface, c.chat_id`,
    );
  }

  /** True when the group had no owner: now it has this one. */
  async claim(tx: Tx, tenantId: string, chat: Omit<StoredChat, 'ownerName'>): Promise<boolean> {
    const rows = await tx.query(
      'chat_claim',
      'INSERT INTO settings.owned_chat (tenant_id, surface, chat_id, owner_id, claimed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING owner_id',
      [tenantId, chat.surface, chat.chatId, chat.ownerId, chat.claimedAt],
    );
    return rows.length > 0;
  }

  async ownerOf(tx: Tx, surface: string, chatId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ ownerId: string }>('chat_owner', 'SELECT owner_id AS "ownerId" FROM settings.owned_chat WHERE surface = $1 AND chat_id = $2', [surface, chatId]);
    return row?.ownerId;
  }

  /** Who owned it; undefined when nobody did. */
  async release(tx: Tx, surface: string, chatId: string): Promise<string | undefined> {
    const [row] = await tx.query<{ ownerId: string }>('chat_release', 'DELETE FROM settings.owned_chat WHERE surface = $1 AND chat_id = $2 RETURNING owner_id AS "ownerId"', [surface, chatId]);
    return row?.ownerId;
  }
}
