import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { LedgerRowSchema } from './gen/nexus/usage/v1/usage_pb.js';
import { ledgerEventJson, ledgerRowJson } from './ledger-json.js';

const row = create(LedgerRowSchema, {
  attemptId: '019330b0-0000-7000-8000-000000000001', correction: 1, day: '2026-11-20', settledAt: 1_795_176_000_000n, result: 'succeeded', provider: 'openai', model: 'gpt-5.5',
  tokens: { input: 10n, output: 20n, reasoning: 5n }, price: { input: 5_000_000n, output: 30_000_000n, version: '2026-07-24+tenant' }, costMicroUsd: -650n, attribution: { client: 'acme' },
});

it('is a CloudEvent whose id is that of the row for ever', () => {
  expect(ledgerEventJson(row)).toEqual({
    specversion: '1.0', id: '019330b0-0000-7000-8000-000000000001.1', source: '/nexus/usage/ledger', type: 'nexus.usage.recorded.v1', subject: row.attemptId,
    time: '2026-11-20T12:00:00.000Z', datacontenttype: 'application/json', data: ledgerRowJson(row),
  });
});

it('shows what is not known as null, and reasoning at the price of output where it has none of its own', () => {
  expect(ledgerRowJson(row)).toMatchObject({
    correction: 1, cost_micro_usd: -650, client: 'acme', project: null, run_id: null, tool: null, tokens: { input: 10, output: 20, reasoning: 5, images: 0, estimated: false },
    price: { output: 30_000_000, reasoning: 30_000_000, version: '2026-07-24+tenant' },
  });
  expect(ledgerRowJson(create(LedgerRowSchema, {}))).toMatchObject({ price: null, provider: null });
});
