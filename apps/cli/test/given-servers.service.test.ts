import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createDatabase, createKeyspace, freePort, type Service, type TestDatabase, type TestKeyspace } from '@nexus/testing';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, descendantsOf, type Place } from './nexus-command.js';

/** The passwords of the services' roles follow from it, and roles belong to the whole server, which tests of the services use at the same time. */
const SERVER_WIDE = { NEXUS_SERVICE_TOKEN: 'service-token-of-the-tests' };

describe('nexus up with REDIS_URL and DATABASE_URL', () => {
  let database: TestDatabase;
  let keyspace: TestKeyspace;
  let place: Place;
  let nexus: Service;

  beforeAll(async () => {
    [database, keyspace] = await Promise.all([createDatabase(), createKeyspace()]);
    place = await createPlace({ DATABASE_URL: database.url, REDIS_URL: keyspace.url, NEXUS_DEV_API_KEY: 'nxs_given_development_key', NEXUS_LOG_LEVEL: 'warn', ...SERVER_WIDE });
    nexus = await place.up();
  }, 90_000);
  afterAll(async () => {
    await nexus?.stop();
    await Promise.all([database?.drop(), keyspace?.drop()]);
    place?.remove();
  });

  const asAdmin = async (sql: string): Promise<void> => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(sql);
    await client.end();
  };

  it('uses what it was given, brings no server of its own, and shows no secret', () => {
    const output = nexus.output();
    expect(output).toMatch(/Redis +redis:\/\/127\.0\.0\.1:\d+\/\d+ \(REDIS_URL\)/);
    expect(output).toMatch(/Postgres +postgres:\/\/127\.0\.0\.1:\d+\/\w+ \(DATABASE_URL\)/);
    expect(output).not.toContain(new URL(database.url).password);
    expect(output).not.toContain('nxs_given_development_key');
    expect(output).toContain('"Authorization: Bearer $NEXUS_DEV_API_KEY"');
    // Only the tools' own process.
    expect(descendantsOf(nexus.pid).length).toBeLessThanOrEqual(2);
  });

  it('answers the given key, and its channels are on the given Redis', async () => {
    expect((await place.nexus(['ask', 'What is 6 * 7?'])).stdout).toContain('42');
    const tailed = await place.nexus(['channels', 'tail', 'requests.incoming', '--last', '5', '--no-follow']);
    expect(tailed.stdout).toContain('What is 6 * 7?');
  });

  it('shows a poison message as a dead letter, replays it when the cause is gone, and then answers it once', async () => {
    const letters = async () => {
      const listed = await place.nexus(['dead-letters', 'list', '--json']);
      if (listed.code !== 0) throw new Error(`the list ended with ${listed.code}: ${listed.stderr}`);
      return (JSON.parse(listed.stdout) as { deadLetters: { id: string; messageId: string; replays: number; firstSeenAt: string }[] }).deadLetters;
    };
    await asAdmin("ALTER TABLE orchestrator.run ADD CONSTRAINT poison CHECK (message_id <> 'poison-1') NOT VALID");
    await place.nexus(['channels', 'publish', 'requests.incoming', '--id', 'poison-1', '--json', '{"text":"What is 40 + 2?","surface":"cli"}']);
    await expect.poll(letters, { timeout: 15_000 }).toMatchObject([{ messageId: 'poison-1', replays: 0 }]);
    const [first] = await letters();
    expect((await place.nexus(['dead-letters', 'count'])).stdout).toMatch(/1 +orchestrator +requests\.incoming +internal +tenant/);
    const { stdout: shown } = await place.nexus(['dead-letters', 'show', first?.id ?? '']);
    expect(shown).toContain('What is 40 + 2?');
    expect(shown).toContain('"authorization":"(secret)"');
    expect(shown).not.toContain('nxs_');

    expect(await place.nexus(['dead-letters', 'replay', '--channel', 'requests.incoming', '--dry-run'])).toMatchObject({ code: 0, stdout: 'Would replay 1 dead letter.\n' });
    expect(await place.nexus(['dead-letters', 'replay', '--channel', 'requests.incoming'])).toMatchObject({ code: 0, stdout: 'Replayed 1 dead letter.\n' });
    await expect.poll(letters, { timeout: 15_000 }).toMatchObject([{ messageId: 'poison-1', replays: 1, firstSeenAt: first?.firstSeenAt }]);

    await asAdmin('ALTER TABLE orchestrator.run DROP CONSTRAINT poison');
    const again = (await letters())[0]?.id ?? '';
    expect(await place.nexus(['dead-letters', 'replay', again, first?.id ?? ''])).toMatchObject({ code: 1, stdout: 'Replayed 1 dead letter.\n' });
    const run = () => place.nexus(['runs', 'show', 'poison-1']);
    await expect.poll(async () => (await run()).stdout, { timeout: 15_000 }).toContain('40 + 2 is 42');
    expect(await letters()).toEqual([]);
    expect(await place.nexus(['dead-letters', 'replay', again])).toMatchObject({ code: 1, stdout: 'There is no such dead letter.\n' });
    const { stdout: answers } = await place.nexus(['channels', 'tail', 'requests.processed', '--last', '100', '--no-follow', '--json']);
    const ofPoison = answers.trim().split('\n').map((line) => JSON.parse(line) as { payload: { messageId: string; text?: string } }).filter(({ payload }) => payload.messageId === 'poison-1' && payload.text !== undefined);
    expect(ofPoison).toHaveLength(1);
  }, 90_000);

  it('asks before it changes several letters, and does nothing where nobody can be asked', async () => {
    const redis = new Redis(keyspace.url);
    await redis.xadd('requests.incoming', '*', 'nonsense', 'x');
    await redis.xadd('requests.incoming', '*', 'nonsense', 'y');
    redis.disconnect();
    await expect.poll(async () => (await place.nexus(['dead-letters', 'count', '--system'])).stdout, { timeout: 15_000 }).toMatch(/2 +orchestrator +requests\.incoming +malformed_envelope +system/);
    expect(await place.nexus(['dead-letters', 'purge', '--all'])).toMatchObject({ code: 0, stdout: 'There is no such dead letter.\n' });
    expect(await place.nexus(['dead-letters', 'purge', '--all', '--system'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes is missing') });
    expect(await place.nexus(['dead-letters', 'purge', '--all', '--system', '--yes'])).toMatchObject({ code: 0, stdout: 'Purged 2 dead letters.\n' });
    expect((await place.nexus(['dead-letters', 'list'])).stdout).toBe('There is no dead letter.\n');
  });

  it('measures all of its services at the one port', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${place.port}/metrics`)).text();
    for (const service of ['orchestrator', 'provider-router', 'settings', 'tool-executor', 'usage']) expect(metrics).toContain(`nexus_dead_letters_alert_threshold{service="${service}"} 100`);
  });

  it('ends with 0 on SIGTERM and leaves what it was given running', async () => {
    expect(await nexus.kill('SIGTERM')).toBe('exited with code 0');
    await nexus.restart();
  });
});

function withPassword(url: string, password: string): string {
  return Object.assign(new URL(url), { password }).href;
}

describe('nexus up with servers that do not answer', () => {
  it.each([
    ['REDIS_URL', async (port: number) => ({ REDIS_URL: `redis://user:secret@127.0.0.1:${port}` }), /Redis does not answer at redis:\/\/127\.0\.0\.1:\d+.*REDIS_URL/],
    ['DATABASE_URL', async (port: number) => ({ DATABASE_URL: `postgres://user:secret@127.0.0.1:${port}/nexus` }), /Postgres does not answer at postgres:\/\/127\.0\.0\.1:\d+\/nexus.*DATABASE_URL/],
    ['the password in DATABASE_URL', async () => ({ DATABASE_URL: withPassword((await createDatabase()).url, 'secret') }), /does not accept the user or the password/],
    ['the database in DATABASE_URL', async () => ({ DATABASE_URL: new URL('/nobody', (await createDatabase()).url).href }), /no such database/],
  ] as const)('ends with 1 and says what is wrong: %s', async (_, environment, message) => {
    const place = await createPlace(await environment(await freePort()));
    const { code, stdout, stderr } = await place.nexus(['up']);
    place.remove();
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stdout + stderr).not.toContain('secret');
  });

  it('ends with 1 and names NEXUS_PORT when the port is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const place = await createPlace({ NEXUS_PORT: String((server.address() as AddressInfo).port) });
    const { code, stderr } = await place.nexus(['up']);
    place.remove();
    server.close();
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/in use by another program.*NEXUS_PORT=/) });
  });
});
