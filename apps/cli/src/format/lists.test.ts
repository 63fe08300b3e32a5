import { create } from '@bufbuild/protobuf';
import { AttemptRowSchema, BudgetAlertSchema, BudgetAlert_Kind as Kind, BudgetLevel, BudgetSchema, BudgetScope, WhenReached, DeadLetterSchema, GetUsageResponseSchema, KeyKind, KeySchema, TenantProviderSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { alertTable } from './alert-table.js';
import { attemptTable } from './attempt-table.js';
import { budgetLines } from './budget-lines.js';
import { budgetTable } from './budget-table.js';
import { deadLetterTable } from './dead-letter-table.js';
import { keyTable } from './key-table.js';
import { explainNoRun } from './no-run.js';
import { providerTable } from './provider-table.js';
import { usageTable } from './usage-table.js';

it('sums usage in USD with six decimals, by the groups asked for', () => {
  const tokens = { input: 1_280n, cacheRead: 20n, cacheWrite: 5n, output: 80n };
  const report = create(GetUsageResponseSchema, {
    rows: [{ day: '2026-11-20', client: '', keyId: 'k', attempts: 3n, tokens, costMicroUsd: 1_234n }, { day: '2026-11-20', client: 'acme', attempts: 1n, costMicroUsd: 2_000_000n }],
    total: { attempts: 4n, tokens, costMicroUsd: 2_001_234n },
  });
  expect(usageTable(report, ['day', 'client'])).toEqual([
    'DAY         CLIENT  CALLS  INPUT  CACHED  OUTPUT        USD',
    '2026-11-20  -           3  1,280      25      80  $0.001234',
    '2026-11-20  acme        1      0       0       0  $2.000000',
    'total                   4  1,280      25      80  $2.001234',
  ]);
  expect(usageTable(report, ['key'])[1]).toMatch(/^k /);
  expect(usageTable(create(GetUsageResponseSchema), ['day'])).toEqual(['No model was called in this time.']);
});

it('says what is left of each budget, and until when', () => {
  const spent = { limitMicroUsd: 1_000_000n, spentMicroUsd: 394n };
  expect(budgetLines([
    create(BudgetSchema, { name: 'development', period: 'day', ...spent, resetsAt: 1_795_219_200_000n }),
    create(BudgetSchema, { name: 'project', period: 'total', ...spent, reservedMicroUsd: 20_094n }),
    create(BudgetSchema, { name: 'keys', period: 'total', scope: BudgetScope.KEY, subject: 'k1', ...spent }),
  ])).toEqual([
    'budget "development": $0.000394 of $1.000000 spent this day; begins anew 2026-11-21 00:00 UTC',
    'budget "project": $0.000394 of $1.000000 spent in all, $0.020094 set aside for calls whose cost is not known yet',
    'budget "keys" (key k1): $0.000394 of $1.000000 spent in all',
  ]);
});

it('lists budgets with whose they are and what is special about them', () => {
  const [, all, each, critical] = budgetTable([
    create(BudgetSchema, { name: 'team', period: 'month', scope: BudgetScope.TENANT, level: BudgetLevel.SOFT, limitMicroUsd: 5_000_000n, spentMicroUsd: 1n, resetsAt: 1_795_219_200_000n }),
    create(BudgetSchema, { name: 'keys', period: 'day', scope: BudgetScope.KEY, subject: '*', level: BudgetLevel.HARD, whenReached: WhenReached.CHEAPER_TIER, limitMicroUsd: 1_000_000n, resetsAt: 1_795_219_200_000n }),
    create(BudgetSchema, { name: 'red', period: 'total', scope: BudgetScope.CLIENT, subject: 'acme', level: BudgetLevel.CRITICAL, exemptAgents: ['on-call'], reachedAt: 1_795_162_814_000n, liftedUntil: 1_795_162_815_000n }),
  ]);
  expect(all).toMatch(/^team +everything +soft +month +\$5\.000000 +\$0\.000001 +\$0\.000000 +2026-11-21 00:00:00$/);
  expect(each).toMatch(/^keys +each key +hard, then a cheaper tier +day/);
  expect(critical).toMatch(/client acme +critical +total .*never +reached 2026-11-20 08:20:14; lifted until 2026-11-20 08:20:15; exempt: on-call$/);
  expect(budgetTable([])).toEqual(['There is no budget: nothing is held.']);
});

it('says in words what budgets alert of', () => {
  const at = { atMs: 1_795_162_814_000n, amountMicroUsd: 1_000_001n, limitMicroUsd: 1_000_000n };
  const [, reached, lifted, over] = alertTable([
    create(BudgetAlertSchema, { kind: Kind.REACHED, budget: 'keys', scope: BudgetScope.KEY, subject: 'k1', windowStart: '2026-11-20', ...at }),
    create(BudgetAlertSchema, { kind: Kind.LIFTED, budget: 'red', ...at }),
    create(BudgetAlertSchema, { kind: Kind.OVER_RESERVATION, attemptId: 'a1', ...at }),
  ]);
  expect(reached).toMatch(/^2026-11-20 08:20:14 +reached +budget "keys", key k1 +\$1\.000001 of \$1\.000000 spent or set aside since 2026-11-20$/);
  expect(lifted).toMatch(/lifted +budget "red" +\$1\.000001 of/);
  expect(over).toMatch(/over reservation +attempt a1 +cost \$1\.000001 more than was set aside for it$/);
});

it('lists keys with what they may do, and never a secret', () => {
  const lines = keyTable([
    create(KeySchema, { id: '1', name: 'ops', kind: KeyKind.API, prefix: 'nxs_abcdef', isAdmin: true, createdAt: 1_795_162_814_000n }),
    create(KeySchema, { id: '2', name: 'bot', kind: KeyKind.SURFACE, surfaces: ['telegram', 'web'], client: 'acme', project: 'site', revokedAt: 1_795_162_815_000n }),
  ]);
  expect(lines[1]).toMatch(/^1 +ops +api +nxs_abcdef +everything +2026-11-20 08:20:14$/);
  expect(lines[2]).toMatch(/^2 +bot +surface +publish for telegram, web +acme \/ site +2026-11-20 08:20:15$/);
});

it.each([
  ['ready', { enabled: true, status: { isConfigured: true } }],
  ['needs ACME_KEY', { enabled: true, status: { keyVariable: 'ACME_KEY' } }],
  ['not in reach', { enabled: true, status: { baseUrl: 'http://127.0.0.1:11434/v1' } }],
  ['needs its URL', { enabled: true, status: {} }],
  ['switched off', { enabled: false, status: { isConfigured: true } }],
])('says of a provider that it is %s', (state, provider) => {
  expect(providerTable([create(TenantProviderSchema, { ...provider, status: { ...provider.status, name: 'acme' } })])[1]).toContain(`acme  ${state}`);
});

it('shows of a provider with many models only some', () => {
  const models = ['a', 'b', 'c', 'd', 'e'];
  expect(providerTable([create(TenantProviderSchema, { enabled: true, status: { name: 'acme', isConfigured: true, models } })])[1]).toMatch(/a, b, c and 2 more$/);
});

const letter = create(DeadLetterSchema, { id: '1f', channel: 'requests.incoming', entryId: '5-0', messageId: 'q1', consumerGroup: 'orchestrator', deliveries: 1, reason: 'payload is\nnot JSON', reasonCode: 'malformed_payload', lastSeenAt: 1_795_162_814_000n });

it('lists dead letters with their reason on one line', () => {
  expect(deadLetterTable([letter])[1]).toBe('1f  2026-11-20 08:20:14  requests.incoming  5-0    q1       orchestrator      1  payload is not JSON [malformed_payload]');
  expect(deadLetterTable([])).toEqual(['There is no dead letter.']);
});

it('explains a missing run by its dead letter, else by what may have happened and what was not looked at', () => {
  expect(explainNoRun({ id: 'q1', letters: [letter], lettersUnknown: undefined, isSystemSearched: true }).join('\n')).toContain('payload is not JSON [malformed_payload]');
  const unknown = explainNoRun({ id: 'q1', letters: [], lettersUnknown: 'This needs an admin key.', isSystemSearched: true }).join('\n');
  expect(unknown).toContain('This needs an admin key.');
  expect(unknown).not.toContain('no dead letter names it');
  expect(explainNoRun({ id: 'q1', letters: [], lettersUnknown: undefined, isSystemSearched: false }).join('\n')).toContain('NEXUS_SERVICE_TOKEN');
});

it('lists attempts of which nobody knows what they cost', () => {
  expect(attemptTable([create(AttemptRowSchema, { attemptId: 'a', state: 'unknown', provider: 'demo', model: 'small', openedAt: 1_795_162_814_000n, reservedMicroUsd: 1_234n })])).toEqual([
    'ID  STATE    PROVIDER  MODEL  OPENED (UTC)          RESERVED',
    'a   unknown  demo      small  2026-11-20 08:20:14  $0.001234',
  ]);
  expect(attemptTable([])).toEqual(['No attempt is UNKNOWN.']);
});
