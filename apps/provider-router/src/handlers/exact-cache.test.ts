import { create } from '@bufbuild/protobuf';
import { InferenceRequestSchema } from '@nexus/contracts';
import { createLogger } from '@nexus/runtime';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readAskedCall } from '../domain/asked-call.js';
import { ExactCache, type CachePlace } from './exact-cache.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const asked = readAskedCall(create(InferenceRequestSchema, { model: 'm', input: { case: 'body', value: Buffer.from('{"messages":[]}') } }));
const place = { tenantId: 't', id: 'i', seconds: 1, asked } as CachePlace;
const cacheOf = (find: () => Promise<undefined>): ExactCache => new ExactCache({ store: { find, keep: () => Promise.resolve() }, clock: { now: () => 0 }, logger: createLogger({ level: 'silent' }) });

it('holds nothing while the database is away or stands still', async () => {
  expect(await cacheOf(() => Promise.reject(new Error('away'))).find(place)).toBeUndefined();
  const found = cacheOf(() => new Promise(() => undefined)).find(place);
  await vi.advanceTimersByTimeAsync(500);
  expect(await found).toBeUndefined();
});
