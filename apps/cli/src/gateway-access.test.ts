import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCliConfig } from './config.js';
import { DataFolder } from './data-folder.js';
import { findGateway } from './gateway-access.js';
import { redisOfChannels } from './redis-of-channels.js';

let folder: DataFolder;
beforeEach(() => {
  folder = new DataFolder(mkdtempSync(join(tmpdir(), 'nexus-cli-')));
});
afterEach(() => rmSync(folder.path, { recursive: true }));

const configOf = (environment: Record<string, string>) => readCliConfig(environment, folder.path);
const running = (bus: 'redis' | 'memory', redisUrl?: string) => folder.tellRunning({ pid: process.pid, url: 'http://127.0.0.1:18080', bus, redisUrl });

describe('the gateway', () => {
  it('is asked with the first key that is set', () => {
    const made = folder.keepSecret('dev-api-key', 'nxs_');
    expect(findGateway(configOf({ NEXUS_API_KEY: 'a', NEXUS_DEV_API_KEY: 'b' }), folder)).toMatchObject({ key: 'a', keySource: 'NEXUS_API_KEY' });
    expect(findGateway(configOf({ NEXUS_DEV_API_KEY: 'b' }), folder)).toMatchObject({ key: 'b', keySource: 'NEXUS_DEV_API_KEY' });
    expect(findGateway(configOf({}), folder)).toMatchObject({ key: made, keySource: folder.fileOf('dev-api-key') });
  });

  it('is where it is said to be, else where it runs, else at its port', () => {
    const urlOf = (environment: Record<string, string>, url?: string) => findGateway(configOf({ NEXUS_API_KEY: 'a', ...environment }), folder, url).url;
    expect(urlOf({ NEXUS_PORT: '8123' })).toBe('http://127.0.0.1:8123');
    running('memory');
    expect(urlOf({ NEXUS_PORT: '8123' })).toBe('http://127.0.0.1:18080');
    expect(urlOf({ NEXUS_GATEWAY_URL: 'https://nexus.example/' })).toBe('https://nexus.example');
    expect(urlOf({ NEXUS_GATEWAY_URL: 'https://nexus.example' }, 'http://127.0.0.1:1')).toBe('http://127.0.0.1:1');
  });

  it('cannot be asked without a key, and the way to one is told', () => {
    expect(() => findGateway(configOf({}), folder)).toThrow(/npm start/);
  });
});

describe('the Redis of the channels', () => {
  it('is that of REDIS_URL, else the private one of what runs here', () => {
    running('redis', 'redis://127.0.0.1:6400');
    expect(redisOfChannels(configOf({ REDIS_URL: 'redis://cache:6379' }), folder)).toBe('redis://cache:6379');
    expect(redisOfChannels(configOf({}), folder)).toBe('redis://127.0.0.1:6400');
  });

  it.each<[string, () => void, RegExp]>([
    ['the twin', () => running('memory'), /in-memory twin/],
    ['a Redis that was given', () => running('redis'), /same REDIS_URL/],
    ['nothing', () => undefined, /npm start/],
  ])('is not there with %s, and the way to one is told', (_, start, message) => {
    start();
    expect(() => redisOfChannels(configOf({}), folder)).toThrow(message);
  });
});
