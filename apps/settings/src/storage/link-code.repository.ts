import { Inject, Injectable } from '@nestjs/common';
import { deleteExpired, type Database, type Tx } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';

/** A code as it is stored: by an id that is made of its hash. */
export interface StoredCode {
  readonly personId: string;
  readonly personName: string;
  /** Empty is any. */
  readonly surface: string;
  readonly validUntil: Date;
  readonly usedSurface: string | null;
  readonly usedAccount: string | null;
}

/** Wrong codes of an account, and until when they count. */
export interface WrongCodes {
  readonly count: number;
  readonly until: Date;
}

/** Codes by which accounts are linked, and the wrong ones that were sent. */
@Injectable()
export class LinkCodeRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** A code that is there stays as it is. `keepUntil` is when its row goes. */
  async insert(tx: Tx, tenantId: string, code: { readonly id: string; readonly personId: string; readonly surface: string; readonly validUntil: Date; readonly keepUntil: Date }): Promise<void> {
    await tx.query(
      'code_insert',
      'INSERT INTO settings.link_code (tenant_id, id, person_id, surface, valid_until, expires_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, id) DO NOTHING',
      [tenantId, code.id, code.personId, code.surface, code.validUntil, code.keepUntil],
    );
  }

  /** The code, and nobody else redeems it until the transaction ends. */
  async getForUpdate(tx: Tx, id: string): Promise<StoredCode | undefined> {
    const [code] = await tx.query<StoredCode>(
      'code_get',
      `SELECT c.person_id AS "personId", p.name AS "personName", c.surface, c.valid_until AS "validUntil", c.used_surface AS "usedSurface", c.used_account AS "usedAccount"
         FROM settings.link_code c JOIN settings.person p ON p.tenant_id = c.tenant_id AND p.id = c.person_id WHERE c.id = $1 FOR UPDATE OF c`,
      [id],
    );
    return code;
  }

  async markUsed(tx: Tx, id: string, surface: string, accountId: string, at: Date): Promise<void> {
    await tx.query('code_use', 'UPDATE settings.link_code SET used_at = $4, used_surface = $2, used_account = $3 WHERE id = $1', [id, surface, accountId, at]);
  }

  /** The wrong codes of an account; nobody else counts its codes until the transaction ends. */
  async wrongForUpdate(tx: Tx, tenantId: string, id: string, at: Date): Promise<WrongCodes> {
    const [, rows] = await Promise.all([
      tx.query('wrong_known', 'INSERT INTO settings.wrong_code (tenant_id, id, count, expires_at) VALUES ($1, $2, 0, $3) ON CONFLICT (tenant_id, id) DO NOTHING', [tenantId, id, at]),
      tx.query<WrongCodes>('wrong_get', 'SELECT count, expires_at AS until FROM settings.wrong_code WHERE id = $1 FOR UPDATE', [id]),
    ]);
    return rows[0] ?? { count: 0, until: at };
  }

  async setWrong(tx: Tx, id: string, { count, until }: WrongCodes): Promise<void> {
    await tx.query('wrong_set', 'UPDATE settings.wrong_code SET count = $2, expires_at = $3 WHERE id = $1', [id, count, until]);
  }

  /** Deletes codes that are past use, and counts that count no more. Answers how many. */
  async prune(): Promise<number> {
    return (await deleteExpired(this.database, 'settings', 'link_code')) + (await deleteExpired(this.database, 'settings', 'wrong_code'));
  }
}
