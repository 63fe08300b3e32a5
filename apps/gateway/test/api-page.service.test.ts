import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../src/domain/route-methods.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/api.md'), 'utf8');
const served = Object.entries(routes).flatMap(([template, methods]) => methods.map((method) => `${method} ${template}`));

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis);
});
afterAll(() => gateway.stop());

describe('docs/api.md', () => {
  it('describes every route that is served, and no other', () => {
    const described = [...page.matchAll(/^### `([A-Z]+ \/\S+)`$/gm)].map(([, route]) => route).filter((route) => !/ \/(?:health|metrics)\b/.test(route ?? ''));
    expect(described.toSorted()).toEqual(served.toSorted());
  });

  it.each(served)('%s is served', async (route) => {
    const [method, template = ''] = route.split(' ');
    const path = template.replace('{+id}', 'openai/gpt-4o').replaceAll(/\{\w+\}/g, '00000000-0000-7000-8000-000000000000');
    const response = await gateway.call(path, { ...(method && { method }) });
    const { error } = (await response.json()) as { error?: { code: string } };
    expect(error?.code).not.toBe('not_found');
    expect(error?.code).not.toBe('method_not_allowed');
  });

  it('gives examples of bodies that are taken', async () => {
    const examples = [...page.matchAll(/curl (?:-N )?\$NEXUS(\/\S+) [^']*'content-type: application\/json' (?:\\\n {2}-H '[^']*' )?-d '([^']*)'/g)].filter(([, path]) => ['/v1/chat/completions', '/v1/threads', '/v1/responses', '/v1/messages', '/task'].includes(path ?? ''));
    expect(examples.length).toBeGreaterThanOrEqual(6);
    for (const [, path = '', body = ''] of examples) expect((await gateway.call(path, { body })).status).toBeLessThan(300);
  });
});
