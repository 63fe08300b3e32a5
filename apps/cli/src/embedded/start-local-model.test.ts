import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyGguf } from '@nexus/testing';
import { expect, it } from 'vitest';
import { readCliConfig, type Environment } from '../config.js';
import { startLocalModel } from './start-local-model.js';
import { StopList } from './stop-list.js';

const isThere = await import('node-llama-cpp').then(() => true, () => false);
const start = (environment: Environment, stops = new StopList()): Promise<string | undefined> => startLocalModel({ config: readCliConfig(environment), environment }, stops);

const listens = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

it('starts none unless a model file is named, and none beside one that runs elsewhere', async () => {
  expect(await start({})).toBeUndefined();
  expect(await start({ NEXUS_LOCAL_MODEL: 'none.gguf', NEXUS_LOCAL_MODEL_URL: 'http://10.0.0.5:50061' })).toBe('http://10.0.0.5:50061');
});

it('says which variable is wrong, and that a file is missing', async () => {
  await expect(start({ NEXUS_LOCAL_MODEL: 'none.gguf', NEXUS_LOCAL_MODEL_PARALLEL: '0' })).rejects.toMatchObject({ code: 'invalid_configuration', message: expect.stringContaining('NEXUS_LOCAL_MODEL_PARALLEL') });
  await expect(start({ NEXUS_LOCAL_MODEL: 'none.gguf' })).rejects.toMatchObject({ code: 'model_file_missing' });
});

it.skipIf(!isThere)(`runs the model that is named, and stops it${isThere ? '' : ' (skipped: node-llama-cpp is not installed)'}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-up-local-'));
  const stops = new StopList();
  try {
    await writeTinyGguf(join(folder, 'tiny.gguf'), { words: ['Hello'] });
    const url = (await start({ NEXUS_LOCAL_MODEL: join(folder, 'tiny.gguf'), NEXUS_LOCAL_MODEL_THREADS: '1', NEXUS_LOCAL_MODEL_GPU: 'off' }, stops)) ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await listens(url)).toBe(true);
    expect(await stops.end(0)).toEqual([]);
    expect(await listens(url)).toBe(false);
  } finally {
    await stops.endNow();
    await rm(folder, { recursive: true });
  }
});
