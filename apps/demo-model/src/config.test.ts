import { expect, it } from 'vitest';
import { readConfig } from './config.js';

it('has defaults, and takes an empty variable for one that is not set', () => {
  expect(readConfig({ NEXUS_DEMO_MODEL_PORT: '' })).toEqual({ host: '127.0.0.1', port: 50_060 });
  expect(readConfig({ NEXUS_DEMO_MODEL_HOST: '0.0.0.0', NEXUS_DEMO_MODEL_PORT: '0' })).toEqual({ host: '0.0.0.0', port: 0 });
});

it.each(['x', '1.5', '-1', '65536'])('refuses the port %j and names the variable', (port) => {
  expect(() => readConfig({ NEXUS_DEMO_MODEL_PORT: port })).toThrow(/^NEXUS_DEMO_MODEL_PORT: must be /);
});
