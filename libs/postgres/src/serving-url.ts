import { rolesOf } from './sql-name.js';

/** The same server and database, as the serving role of a schema. Without a password it has none. */
export function servingUrl(adminUrl: string, schema: string, password = ''): string {
  const url = new URL(adminUrl);
  url.username = rolesOf(schema).serving;
  url.password = encodeURIComponent(password);
  return url.href;
}
