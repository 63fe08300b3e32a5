import { create } from '@bufbuild/protobuf';
import { SpendSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { addModelCall, addToolCall, noUsage, usageOf } from './usage-sum.js';

const spend = create(SpendSchema, { usage: { input: 10n, output: 3n, reasoning: 1n }, costMicroUsd: 5n });

it('adds tokens, cost and calls', () => {
  const usage = usageOf(addModelCall(addModelCall(noUsage, spend), spend), 2, 40);
  expect(usage).toMatchObject({ tokens: { input: 20n, output: 6n, reasoning: 2n }, costMicroUsd: 10n, modelCalls: 2, steps: 2, durationMs: 40n, isPartial: false });
});

it('makes run units of what machines of one\'s own did', () => {
  const local = create(SpendSchema, { usage: { input: 1n }, computeMs: 700n });
  const sum = addToolCall(addModelCall(addModelCall(noUsage, local, 'fast'), spend, 'balanced'), 300n);
  expect(usageOf(sum, 2, 40).runUnitsThousandths).toBe(2_850n); // 700 ms x 4 + one tool call
  expect(usageOf(noUsage, 0, 0).runUnitsThousandths).toBe(0n);
});

it('says that it is partial when a call does not tell what it used', () => {
  expect(usageOf(addModelCall(addModelCall(noUsage, spend), undefined), 1, 0)).toMatchObject({ tokens: { input: 10n }, isPartial: true, modelCalls: 2 });
});

it('tells no tokens when no call told any, instead of zero', () => {
  const usage = usageOf(addModelCall(noUsage, undefined), 1, 0);
  expect(usage.tokens).toBeUndefined();
  expect(usage.isPartial).toBe(true);
  expect(usageOf(noUsage, 0, 0).tokens).toMatchObject({ input: 0n });
});
