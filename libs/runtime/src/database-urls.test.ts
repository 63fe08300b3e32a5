import { describe, expect, it } from 'vitest';
import { databaseUrls } from './database-urls.js';

const config = { databaseUrl: undefined, databaseAdminUrl: undefined, isMigrating: true, serviceToken: 'a-token-of-sixteen' };
const postgres = 'postgres://postgres:root@db:5432/nexus';

describe('databaseUrls', () => {
  it("takes another role's URL for the administrator's: migrates with it, serves as the schema's role", () => {
    const urls = databaseUrls('usage', { ...config, databaseUrl: postgres });
    expect(urls.admin).toBe(postgres);
    expect(new URL(urls.serving)).toMatchObject({ username: 'nexus_usage', host: 'db:5432', pathname: '/nexus' });
    expect(new URL(urls.serving).password).toBe(urls.servingPassword);
    expect(urls.serving).not.toContain('root');
  });

  it('gives every replica the same password, and every role and installation another', () => {
    const password = (schema: string, serviceToken: string) => databaseUrls(schema, { ...config, databaseUrl: postgres, serviceToken }).servingPassword;
    expect(password('usage', 'a-token-of-sixteen')).toBe(password('usage', 'a-token-of-sixteen'));
    expect(new Set([password('usage', 'a-token-of-sixteen'), password('settings', 'a-token-of-sixteen'), password('usage', 'b-token-of-sixteen')]).size).toBe(3);
  });

  it("serves with the serving role's URL as it is, and migrates only with an administrator's beside it", () => {
    const databaseUrl = 'postgres://nexus_usage:p%40ss@db/nexus';
    expect(databaseUrls('usage', { ...config, databaseUrl })).toEqual({ serving: databaseUrl, servingPassword: 'p@ss', admin: undefined });
    expect(databaseUrls('usage', { ...config, databaseUrl, databaseAdminUrl: postgres }).admin).toBe(postgres);
    expect(databaseUrls('usage', { ...config, databaseUrl, databaseAdminUrl: postgres, isMigrating: false }).admin).toBeUndefined();
  });

  it('says which variable is missing', () => {
    expect(() => databaseUrls('usage', config)).toThrow(/DATABASE_URL must be set/);
  });
});
