import { expect, it } from 'vitest';
import { readConfig } from './config.js';

it('needs the path of a model, and has defaults for the rest', () => {
  expect(readConfig({ NEXUS_LOCAL_MODEL: '/models/Qwen3-4B.gguf', NEXUS_LOCAL_MODEL_PORT: '' })).toEqual({
    file: '/models/Qwen3-4B.gguf', name: 'Qwen3-4B', host: '127.0.0.1', port: 50_061, contextTokens: 8_192, parallel: 2, waiting: 32, threads: 0, gpu: 'auto',
  });
  expect(readConfig({ NEXUS_LOCAL_MODEL: 'a.gguf', NEXUS_LOCAL_MODEL_NAME: 'house', NEXUS_LOCAL_MODEL_GPU: 'off' })).toMatchObject({ name: 'house', gpu: 'off' });
});

it.each([
  [{}, 'NEXUS_LOCAL_MODEL: must be the path of a model file'],
  [{ NEXUS_LOCAL_MODEL: 'a', NEXUS_LOCAL_MODEL_PORT: 'x' }, 'NEXUS_LOCAL_MODEL_PORT: must be a number'],
  [{ NEXUS_LOCAL_MODEL: 'a', NEXUS_LOCAL_MODEL_PARALLEL: '0' }, 'NEXUS_LOCAL_MODEL_PARALLEL: must be 1 or more'],
  [{ NEXUS_LOCAL_MODEL: 'a', NEXUS_LOCAL_MODEL_NAME: 'a b' }, 'NEXUS_LOCAL_MODEL_NAME: must be up to 128'],
])('refuses %j', (environment, message) => {
  expect(() => readConfig(environment)).toThrow(message);
});
