import { expect, it } from 'vitest';
import { readGatewayConfig } from './config.js';

it('has defaults for all, and takes an empty variable for one that is not set', () => {
  expect(readGatewayConfig({ NEXUS_CORS_ORIGINS: '' })).toEqual({ maxBodyBytes: 10_485_760, timeoutMs: 600_000, busLostMs: 10_000, maxQueueMs: 1_000, maxInFlight: 10_000, maxSockets: 10_000, corsOrigins: [] });
});

it.each([{ NEXUS_CORS_ORIGINS: '*' }, { NEXUS_CORS_ORIGINS: 'https://a.example.com/path' }, { NEXUS_MAX_BODY_BYTES: '20000000' }, { NEXUS_REQUEST_TIMEOUT_MS: 'soon' }])('refuses %j and names the variable', (environment) => {
  expect(() => readGatewayConfig(environment)).toThrow(Object.keys(environment)[0]);
});
