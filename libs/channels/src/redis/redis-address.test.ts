import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './redis-address.js';

describe('parseRedisUrl', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6379, isTls: false, user: undefined, password: undefined, database: 0 }],
    ['redis://127.0.0.1:7000/3', { host: '127.0.0.1', port: 7000, database: 3 }],
    ['redis://127.0.0.1:7000/', { database: 0 }],
    ['redis://[::1]:7000/1', { host: '::1', port: 7000, database: 1 }],
    ['rediss://cache.example', { host: 'cache.example', port: 6379, isTls: true }],
    ['redis://:p%40ss%2Fword@h', { user: undefined, password: 'p@ss/word' }],
    ['redis://app:50%@h', { user: 'app', password: '50%' }],
    ['redis://%C3%BCser:p%3A@h', { user: 'üser', password: 'p:' }],
  ])('reads %s', (url, expected) => {
    expect(parseRedisUrl(url)).toMatchObject(expected);
  });

  it.each(['', 'localhost:6379', 'http://localhost', 'redis://', 'redis://u:secret@h/db', 'redis://u:secret@h:99999'])('refuses %j without showing it', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(expect.objectContaining({ code: 'invalid_redis_url', message: expect.not.stringContaining('secret') as string }));
  });
});
