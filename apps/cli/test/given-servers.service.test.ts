import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createDatabase, createKeyspace, freePort, type Service, type TestDatabase, type TestKeyspace } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, descendantsOf, type Place } from './nexus-command.js';

describe('nexus up with REDIS_URL and DATABASE_URL', () => {
  let database: TestDatabase;
  let keyspace: TestKeyspace;
  let place: Place;
  let nexus: Service;

  beforeAll(async () => {
    [database, keyspace] = await Promise.all([createDatabase(), createKeyspace()]);
    place = await createPlace({ DATABASE_URL: database.url, REDIS_URL: keyspace.url, NEXUS_DEV_API_KEY: 'nxs_given_development_key', NEXUS_LOG_LEVEL: 'warn' });
    nexus = await place.up();
  }, 90_000);
  afterAll(async () => {
    await nexus?.stop();
    await Promise.all([database?.drop(), keyspace?.drop()]);
    place?.remove();
  });

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
