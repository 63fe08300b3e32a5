import { createDatabase, createKeyspace, type TestDatabase, type TestKeyspace } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { createPlace, type Place } from './nexus-command.js';

interface Report {
  readonly verdict: string;
  readonly findings: readonly { readonly subject: string; readonly verdict: string; readonly says: string; readonly advice: string | null }[];
}

const diagnose = async (place: Place): Promise<{ code: number | null; report: Report }> => {
  const { code, stdout, stderr } = await place.nexus(['doctor', '--json']);
  if (stdout === '') throw new Error(`nexus doctor printed nothing: ${stderr}`);
  return { code, report: JSON.parse(stdout) as Report };
};
const wrong = ({ findings }: Report): string[] => findings.filter(({ verdict }) => verdict === 'failure').map(({ says }) => says);

describe('nexus doctor', () => {
  const cleanUp: (() => Promise<unknown> | void)[] = [];
  afterAll(async () => {
    for (const step of cleanUp.reverse()) await step();
  });

  it('names what threatens data or tenants in servers that it was given, without their passwords', { timeout: 120_000 }, async () => {
    const [database, keyspace]: [TestDatabase, TestKeyspace] = await Promise.all([createDatabase(), createKeyspace()]);
    cleanUp.push(() => database.drop(), () => keyspace.drop());
    const place = await createPlace({ DATABASE_URL: database.url, REDIS_URL: keyspace.url, NEXUS_DEV_API_KEY: 'nxs_doctor_development_key', NEXUS_SERVICE_TOKEN: 'service-token-of-the-tests' });
    cleanUp.push(() => place.remove());
    const nexus = await place.up();
    cleanUp.push(() => nexus.stop());
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    await admin.query('ALTER TABLE usage.budget NO FORCE ROW LEVEL SECURITY');
    await admin.end();
    const { code, report } = await diagnose(place);
    expect(code).toBe(1);
    expect(wrong(report)).toContain('usage.budget does not force row-level security');
    expect(wrong(report)).toContain('fsync is off: a crash may destroy the database'); // the tests' own server is quick, not safe
    expect(JSON.stringify(report)).not.toContain(new URL(database.url).password);

    await nexus.stop();
    const stopped = await place.nexus(['doctor']);
    expect(stopped).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAIL +services +the gateway does not answer/) });
    expect(stopped.stdout).toContain('npm start');
  });
});
