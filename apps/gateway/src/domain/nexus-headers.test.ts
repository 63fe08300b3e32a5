import { create } from '@bufbuild/protobuf';
import { RoutingSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { NEXUS_HEADERS, nexusHeaders } from './nexus-headers.js';

it('says the cost alone of what was not chosen', () => {
  expect(nexusHeaders(undefined, 7n)).toEqual({ 'x-nexus-cost-micro-usd': '7' });
  expect(nexusHeaders(create(RoutingSchema), undefined)).toEqual({ 'x-nexus-cost-micro-usd': '0' });
});

it('says all that is known, in words that a header can carry', () => {
  const fallbacks = [{ model: 'a/one', code: 'breaker_open' }, { model: 'b/two', code: 'server_error' }];
  const headers = nexusHeaders(create(RoutingSchema, { model: 'c/three', tier: 'fast', classifier: 'rules', confidence: 0.9, reason: `kurz – „ja“\r\nset-cookie: x ${'y'.repeat(600)}`, cache: 'semantic', fallbacks }), 12n);
  expect(headers).toMatchObject({ 'x-nexus-model': 'c/three', 'x-nexus-tier': 'fast', 'x-nexus-classifier': 'rules; confidence=0.90', 'x-nexus-cache': 'semantic', 'x-nexus-fallbacks': 'a/one breaker_open, b/two server_error' });
  expect(headers['x-nexus-route']).toMatch(/^kurz \? \?ja\?\?\?set-cookie: x y+$/);
  expect(headers['x-nexus-route']).toHaveLength(500);
  expect(Object.keys(headers).every((name) => (NEXUS_HEADERS as readonly string[]).includes(name))).toBe(true);
});
