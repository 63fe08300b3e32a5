import { expiringRows, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People, their accounts on surfaces, the groups that they own, and the codes by which accounts are linked. */
export class People1764900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE settings.person (
        tenant_id uuid NOT NULL REFERENCES settings.tenant (tenant_id),
        id uuid NOT NULL,
        name text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, name)
      );
      CREATE TABLE settings.linked_account (
        tenant_id uuid NOT NULL,
        surface text NOT NULL,
        account_id text NOT NULL,
        account_name text NOT NULL,
        person_id uuid NOT NULL,
        linked_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, surface, account_id),
        FOREIGN KEY (tenant_id, person_id) REFERENCES settings.person (tenant_id, id)
      );
      CREATE INDEX linked_account_person ON settings.linked_account (tenant_id, person_id);
      CREATE TABLE settings.owned_chat (
        tenant_id uuid NOT NULL,
        surface text NOT NULL,
        chat_id text NOT NULL,
        owner_id uuid NOT NULL,
        claimed_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, surface, chat_id),
        FOREIGN KEY (tenant_id, owner_id) REFERENCES settings.person (tenant_id, id)
      );
      CREATE INDEX owned_chat_owner ON settings.owned_chat (tenant_id, owner_id);
      CREATE TABLE settings.link_code (
        tenant_id uuid NOT NULL,
        -- Made of a keyed hash of the code, which is stored nowhere.
        id uuid NOT NULL,
        person_id uuid NOT NULL,
        -- Empty is any.
        surface text NOT NULL,
        valid_until timestamptz NOT NULL,
        used_at timestamptz,
        used_surface text,
        used_account text,
        -- When the row goes: the account that used it may ask again until then.
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, person_id) REFERENCES settings.person (tenant_id, id)
      );
      CREATE INDEX link_code_person ON settings.link_code (tenant_id, person_id);
      CREATE TABLE settings.wrong_code (
        tenant_id uuid NOT NULL,
        -- Made of surface and account.
        id uuid NOT NULL,
        count integer NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      COMMENT ON TABLE settings.wrong_code IS 'how many wrong codes an account has sent, until when they count';`);
    await runner.query(tenantTable('settings', 'person', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']));
    await runner.query(tenantTable('settings', 'linked_account', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']));
    await runner.query(tenantTable('settings', 'owned_chat', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']));
    await runner.query(tenantTable('settings', 'link_code', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']));
    await runner.query(tenantTable('settings', 'wrong_code', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']));
    await runner.query(expiringRows('settings', 'link_code'));
    await runner.query(expiringRows('settings', 'wrong_code'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION settings.expired_link_code(integer); DROP FUNCTION settings.expired_wrong_code(integer)');
    await runner.query('DROP TABLE settings.wrong_code, settings.link_code, settings.owned_chat, settings.linked_account, settings.person');
  }
}
