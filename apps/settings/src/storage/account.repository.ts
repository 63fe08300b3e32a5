import { Injectable } from '@nestjs/common';
import type { Tx } from '@nexus/postgres';

/** An account of a surface, and whose it is. */
export interface StoredAccount {
  readonly surface: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly personId: string;
  readonly linkedAt: Date;
}

/** Who wrote, and who owns the group in which they wrote. */
export interface StoredSender {
  readonly personId: string | null;
  readonly personName: string | null;
  readonly ownerId: string | null;
  readonly ownerName: string | null;
}

/** Accounts of surfaces that are linked to people. */
@Injectable()
export class AccountRepository {
  list(tx: Tx): Promise<StoredAccount[]> {
    return tx.query<StoredAccount>(
      'account_list',
      `SELECT surface, account_id AS "accountId", account_name AS "accountName", person_id AS "personId", linked_at AS "linkedAt"
         FROM settings.linked_account ORDER BY surface, account_id`,
    );
  }

  /** Whose account it is; undefined when it is nobody's. */
  async personOf(tx: Tx, surface: string, accountId: string): Promise<{ readonly id: string; readonly name: string } | undefined> {
    const [person] = await tx.query<{ id: string; name: string }>(
      'account_person',
      `SELECT p.id, p.name FROM settings.linked_account a JOIN settings.person p ON p.tenant_id = a.tenant_id AND p.id = a.person_id
        WHERE a.surface = $1 AND a.account_id = $2`,
      [surface, accountId],
    );
    return person;
  }

  /** From now on it is this person's, whoever's it was. */
  async link(tx: Tx, tenantId: string, account: StoredAccount): Promise<void> {
    await tx.query(
      'account_link',
      `INSERT INTO settings.linked_account (tenant_id, surface, account_id, account_name, person_id, linked_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (tenant_id, surface, account_id) DO UPDATE
         SET account_name = excluded.account_name, person_id = excluded.person_id, linked_at = excluded.linked_at`,
      [tenantId, account.surface, account.accountId, account.accountName, account.personId, account.linkedAt],
    );
  }

  /** The account as it was; undefined when it was nobody's. */
  async unlink(tx: Tx, surface: string, accountId: string): Promise<{ readonly personId: string; readonly accountName: string } | undefined> {
    const [account] = await tx.query<{ personId: string; accountName: string }>(
      'account_unlink',
      'DELETE FROM settings.linked_account WHERE surface = $1 AND account_id = $2 RETURNING person_id AS "personId", account_name AS "accountName"',
      [surface, accountId],
    );
    return account;
  }

  /** One row, whoever is asked for. */
  async sender(tx: Tx, surface: string, accountId: string, chatId: string): Promise<StoredSender | undefined> {
    const [sender] = await tx.query<StoredSender>(
      'sender',
      `SELECT p.id AS "personId", p.name AS "personName", o.id AS "ownerId", o.name AS "ownerName"
         FROM (VALUES (1)) AS one (n)
         LEFT JOIN settings.linked_account a ON a.surface = $1 AND a.account_id = $2
         LEFT JOIN settings.person p ON p.tenant_id = a.tenant_id AND p.id = a.person_id
         LEFT JOIN settings.owned_chat c ON c.surface = $1 AND c.chat_id = $3 AND $3 <> ''
         LEFT JOIN settings.person o ON o.tenant_id = c.tenant_id AND o.id = c.owner_id`,
      [surface, accountId, chatId],
    );
    return sender;
  }
}
