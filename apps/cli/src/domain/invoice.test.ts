import { create } from '@bufbuild/protobuf';
import { UsageRowSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { invoiceOf } from './invoice.js';
import { dayAfter, daysOfMonth } from './month.js';

const days = { from: '2026-11-01', to: '2026-11-30' };
const row = (model: string, costMicroUsd: bigint) => create(UsageRowSchema, { project: 'site', provider: 'openai', model, attempts: 2n, costMicroUsd, tokens: { input: 80n, cacheRead: 20n, output: 10n, audioOutput: 1n } });

it('charges each line with its markup, rounded half up once, and totals that are the sums of the lines', () => {
  const invoice = invoiceOf('acme', days, [row('a', 1n), row('b', 3n), row('c', 12_345_678n)], 50);
  expect(invoice.lines.map(({ cost, amount }) => [cost, amount])).toEqual([[1n, 2n], [3n, 5n], [12_345_678n, 18_518_517n]]);
  expect(invoice).toMatchObject({ cost: 12_345_682n, amount: 18_518_524n, cents: 1_852n });
  expect(invoice.lines[0]).toMatchObject({ calls: 2n, inputTokens: 100n, outputTokens: 11n });
});

it('takes a hundredth of a percent, a rebate and nothing at all', () => {
  const amount = (percent: number, cost = 10_000n) => invoiceOf('acme', days, [row('a', cost)], percent).amount;
  expect([amount(0), amount(0.01), amount(12.34), amount(-25), amount(-100)]).toEqual([10_000n, 10_001n, 11_234n, 7_500n, 0n]);
  expect(amount(10, -5n)).toBe(-5n); // -5.5: half up
  expect(amount(20, -4n)).toBe(-5n); // -4.8
  expect(invoiceOf('acme', days, [], 20)).toMatchObject({ lines: [], amount: 0n, cents: 0n });
});

it('knows the days of a month', () => {
  expect(daysOfMonth('2026-11')).toEqual(days);
  expect(daysOfMonth('2028-02')?.to).toBe('2028-02-29');
  expect(daysOfMonth('2026-12')?.to).toBe('2026-12-31');
  expect([daysOfMonth('2026-13'), daysOfMonth('2026-1'), daysOfMonth('november')]).toEqual([undefined, undefined, undefined]);
  expect(dayAfter('2026-12-31')).toBe('2027-01-01');
});
