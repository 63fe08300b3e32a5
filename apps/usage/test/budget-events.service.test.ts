import { create } from '@bufbuild/protobuf';
import { createRouterTransport } from '@connectrpc/connect';
import type { Message, Subscription } from '@nexus/channels';
import { AttributionSchema, BudgetLevel, BudgetScope, DirectoryService } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { attempt, startUsage, states, type UsageUnderTest } from './usage-test.js';

const postgres = postgresTest();
const [asked, silent] = [newId(), newId()];
const events: Message<'events.raised'>[] = [];
let usage: UsageUnderTest;
let followed: Subscription;

beforeAll(async () => {
  const settings = createRouterTransport((router) => router.service(DirectoryService, {
    getTenantSettings: (_request, { requestHeader }) => ({ wantedEvents: requestHeader.get('x-nexus-tenant') === asked ? ['budget.reached'] : ['run.finished'] }),
  }));
  usage = await startUsage(postgres.url, {}, settings);
  followed = usage.bus.follow('events.raised', (batch) => void events.push(...batch));
  await followed.ready;
});
afterAll(async () => {
  await followed.stop();
  await usage.stop();
});

/** Reaches a budget of one tenant. */
async function reach(tenantId: string, subject: string): Promise<void> {
  await usage.client(tenantId).setBudget({ name: 'keys', period: 'day', limitMicroUsd: 250n, scope: BudgetScope.KEY, subject, level: BudgetLevel.HARD });
  const of = () => attempt(tenantId, { minOutputTokens: 50n, attribution: create(AttributionSchema, { keyId: subject }) });
  expect(states(await usage.open(of()))).toEqual(['OPENED']);
  expect(states(await usage.open(of()))).toEqual(['REFUSED']);
}

it('raises budget.reached with the alert where the tenant asked for it, once, and nothing where it did not', async () => {
  await reach(silent, 'k0');
  await reach(asked, 'k1');
  await expect.poll(() => usage.alerts.map(({ tenantId }) => tenantId).sort()).toEqual([asked, silent].sort());
  await expect.poll(() => events).toHaveLength(1);
  expect(events[0]).toMatchObject({ tenantId: asked, payload: { type: 'budget.reached', subject: 'keys' } });
  expect(JSON.parse(events[0]?.payload.dataJson ?? '')).toEqual({
    budget: 'keys', scope: 'key', subject: 'k1', level: 'hard', limit_micro_usd: 250, amount_micro_usd: expect.any(Number) as number, window_start: '2026-11-20',
  });
  expect((await usage.bus.history('events.raised', '0')).map(({ tenantId }) => tenantId)).toEqual([asked]);
});
