import { Injectable } from '@nestjs/common';
import { isUuid } from '@nexus/core';
import type { Tx } from '@nexus/postgres';

export interface StoredPerson {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}

const COLUMNS = 'id, name, created_at AS "createdAt"';

/** The people of a tenant. */
@Injectable()
export class PersonRepository {
  /** By name. */
  list(tx: Tx): Promise<StoredPerson[]> {
    return tx.query<StoredPerson>('person_list', `SELECT ${COLUMNS} FROM settings.person ORDER BY name, id`);
  }

  /** The person of this id or name; with them, nothing is linked to them by another transaction until this one ends. */
  async findForUpdate(tx: Tx, idOrName: string): Promise<StoredPerson | undefined> {
    if (idOrName.includes('\0')) return undefined;
    const [person] = isUuid(idOrName)
      ? await tx.query<StoredPerson>('person_by_id', `SELECT ${COLUMNS} FROM settings.person WHERE id = $1 FOR UPDATE`, [idOrName])
      : await tx.query<StoredPerson>('person_by_name', `SELECT ${COLUMNS} FROM settings.person WHERE name = $1 FOR UPDATE`, [idOrName]);
    return person;
  }

  /** False when there is a person with this id or name. */
  async insert(tx: Tx, tenantId: string, person: StoredPerson): Promise<boolean> {
    const rows = await tx.query('person_insert', 'INSERT INTO settings.person (tenant_id, id, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id', [
      tenantId, person.id, person.name, person.createdAt,
    ]);
    return rows.length > 0;
  }

  /** With their accounts, groups and codes. */
  async delete(tx: Tx, id: string): Promise<void> {
    await Promise.all([
      tx.query('person_delete_accounts', 'DELETE FROM settings.linked_account WHERE person_id = $1', [id]),
      tx.query('person_delete_chats', 'DELETE FROM settings.owned_chat WHERE owner_id = $1', [id]),
      tx.query('person_delete_codes', 'DELETE FROM settings.link_code WHERE person_id = $1', [id]),
      tx.query('person_delete', 'DELETE FROM settings.person WHERE id = $1', [id]),
    ]);
  }
}
