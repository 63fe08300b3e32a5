import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase, postgresTest } from './postgres-test.js';
import { createKeyspace, redisTest } from './redis-test.js';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function redisAt(url: string): Redis {
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  return redis;
}

describe('postgresTest', () => {
  const database = postgresTest();
  const other = postgresTest();
  const readTooEarly = ((): unknown => {
    try {
      return database.url;
    } catch (error) {
      return error;
    }
  })();

  it('says when its url is read too early', () => {
    expect(readTooEarly).toMatchObject({ message: expect.stringContaining('once the tests run') });
  });

  it('gives every caller a database of its own', async () => {
    await query(database.url, 'CREATE TABLE mine (n int)');
    await expect(query(other.url, 'SELECT * FROM mine')).rejects.toMatchObject({ code: '42P01' });
  });

  it('keeps it for all tests of the caller', async () => {
    expect(await query(database.url, 'SELECT * FROM mine')).toEqual([]);
  });
});

it('drops a database that is still connected to', async () => {
  const database = await createDatabase();
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await database.drop();
  await expect(query(database.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
  await expect(client.query('SELECT 1')).rejects.toThrow();
});

describe('redisTest', () => {
  const keys = redisTest();
  const others = redisTest();

  it('gives every caller keys of its own', async () => {
    await redisAt(keys.url).set('requests.incoming', 'mine');
    expect(await redisAt(others.url).get('requests.incoming')).toBeNull();
    expect(keys.prefix).not.toBe(others.prefix);
  });
});

it('removes the keys of one caller and nobody else\'s', async () => {
  const [keys, others] = await Promise.all([createKeyspace(), createKeyspace()]);
  await Promise.all([redisAt(keys.url).set('a', '1'), redisAt(others.url).set('a', '2')]);
  await keys.drop();
  expect(await redisAt(keys.url).dbsize()).toBe(0);
  expect(await redisAt(others.url).get('a')).toBe('2');
  await others.drop();
});

