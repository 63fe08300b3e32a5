import { newId } from '@nexus/core';
import { Client } from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import type {} from './global-setup.js';

/** An empty database of its own. Roles, unlike tables, are seen by all databases of the run. */
export interface TestDatabase {
  readonly name: string;
  /** The connection URL of its owner, a superuser: bypasses row-level security. */
  readonly url: string;
  /** Ends its connections and removes it. */
  drop(): Promise<void>;
}

/** A new database on the run's Postgres. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_${newId().replaceAll('-', '')}`;
  await administer(`CREATE DATABASE ${name}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return { name, url: url.href, drop: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** A database for the tests of this file or `describe`: made before the first, dropped after the last. Read `url` inside of tests. */
export function postgresTest(): { readonly url: string } {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database?.drop());
  return {
    get url(): string {
      if (database === undefined) throw new Error('postgresTest().url is there once the tests run: read it in a test or a hook.');
      return database.url;
    },
  };
}

async function administer(sql: string): Promise<void> {
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
