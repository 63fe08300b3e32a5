import { newId } from '@nexus/core';
import { Metrics } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UnknownWatch } from '../src/handlers/unknown-watch.js';
import { UnsettledRepository } from '../src/storage/unsettled.repository.js';
import { attempt, recorded, startUsage, type UsageUnderTest } from './usage-test.js';

const postgres = postgresTest();
let usage: UsageUnderTest;
beforeAll(async () => {
  usage = await startUsage(postgres.url);
});
afterAll(() => usage.stop());

const shown = async (): Promise<string[]> => (await (await fetch(`${usage.url}/metrics`)).text()).split('\n');

it('tells how many attempts of all tenants are UNKNOWN, and nothing while nobody knows', async () => {
  const metrics = new Metrics();
  const warnings: string[] = [];
  const watch = new UnknownWatch(new UnsettledRepository(usage.database), { warn: (_fields: unknown, text?: string) => void warnings.push(text ?? '') }, metrics);
  const lines = async (): Promise<string[]> => (await metrics.text()).split('\n').filter((line) => line.startsWith('nexus_ledger_unknown_attempts'));
  expect(await lines()).toEqual([]);
  await watch.once();
  expect(await lines()).toEqual(['nexus_ledger_unknown_attempts 0']);
  for (const tenant of [newId(), newId()]) {
    const owner = `router-${newId()} life`;
    await usage.report(owner);
    const asked = attempt(tenant, { owner });
    await usage.open(asked);
    await usage.report(owner, { lost: [{ tenantId: asked.tenantId, attemptId: asked.attemptId }] });
  }
  await watch.once();
  expect(await lines()).toEqual(['nexus_ledger_unknown_attempts 2']);
  const away = new UnknownWatch({ countUnknown: () => Promise.reject(new Error('away')) } as unknown as UnsettledRepository, { warn: (_fields: unknown, text?: string) => void warnings.push(text ?? '') }, metrics);
  await away.once();
  expect([await lines(), warnings]).toEqual([[], ['UNKNOWN attempts cannot be counted now']]);
});

it('counts attempts, rows and what is odd of them', async () => {
  const owner = `router-${newId()} life`;
  await usage.report(owner);
  const asked = attempt(newId(), { owner });
  await usage.open(asked);
  await usage.open(asked);
  await usage.bus.publishAll([recorded(asked), recorded(attempt(newId()))]);
  await expect.poll(shown).toContain('nexus_ledger_oddities_total{kind="unopened"} 1');
  const lines = await shown();
  expect(lines).toContain('nexus_ledger_attempts_total{outcome="in_flight"} 1');
  expect(lines).toContain('nexus_ledger_records_total 2');
  expect(lines).toContain('nexus_budget_refusals_total{scope="tenant"} 0');
  expect(lines.find((line) => line.startsWith('nexus_channel_wait_seconds_count{service="usage",channel="usage.recorded"}'))).toMatch(/ [1-9]/);
});
