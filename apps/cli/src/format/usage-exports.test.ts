import { create } from '@bufbuild/protobuf';
import { UsageRowSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { invoiceOf } from '../domain/invoice.js';
import { csvLines } from './csv.js';
import { decimalUsd } from './decimal-usd.js';
import { invoiceText } from './invoice-text.js';
import { usageCsv } from './usage-csv.js';
import { usageFocus } from './usage-focus.js';

const row = create(UsageRowSchema, {
  day: '2026-12-31', provider: 'openai', model: 'gpt-5.5', client: 'Acme, "Inc"', project: 'a|b', user: 'ann', keyId: 'k1', attempts: 1_200n, failed: 2n, costMicroUsd: 12_345_678n,
  tokens: { input: 1_000n, cacheRead: 50n, cacheWrite: 3n, cacheWrite1h: 2n, output: 400n, reasoning: 100n, requests: 4n, estimated: true },
});

it('writes USD as decimals, exactly', () => {
  expect([0n, 1n, 12_345_678n, -1n, -12_345_678n].map(decimalUsd)).toEqual(['0.000000', '0.000001', '12.345678', '-0.000001', '-12.345678']);
});

describe('CSV', () => {
  it('puts cells in quotes that need them', () => {
    expect(csvLines(['a', 'b'], [['1,2', 'say "x"'], ['line\nbreak', '']])).toEqual(['a,b', '"1,2","say ""x"""', '"line\nbreak",']);
  });

  it('has a line for each group with every bucket, and the cost as whole micro-USD and in USD', () => {
    expect(usageCsv([row], ['client', 'key'])).toEqual([
      'client,key,calls,failed,input_tokens,cache_read_tokens,cache_write_tokens,cache_write_1h_tokens,output_tokens,reasoning_tokens,audio_input_tokens,audio_output_tokens,images,requests,estimated,cost_micro_usd,cost_usd',
      '"Acme, ""Inc""",k1,1200,2,1000,50,3,2,400,100,0,0,0,4,true,12345678,12.345678',
    ]);
  });
});

describe('FOCUS', () => {
  const [header = '', line = ''] = usageFocus([row]);
  const names = header.split(',');

  it('has every column that version 1.2 makes mandatory', () => {
    const mandatory = [
      'BilledCost', 'BillingAccountId', 'BillingAccountName', 'BillingCurrency', 'BillingPeriodEnd', 'BillingPeriodStart', 'ChargeCategory', 'ChargeClass', 'ChargeDescription',
      'ChargePeriodEnd', 'ChargePeriodStart', 'ContractedCost', 'EffectiveCost', 'InvoiceIssuerName', 'ListCost', 'PricingQuantity', 'PricingUnit', 'ProviderName', 'PublisherName',
      'ServiceCategory', 'ServiceName',
    ];
    expect(names).toEqual(expect.arrayContaining(mandatory));
    expect(names.filter((name) => !name.startsWith('x_'))).toEqual(names.filter((name) => !name.startsWith('x_')).toSorted());
  });

  it('says what was used when, and what it cost', () => {
    const cells = line.match(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)?.map((cell) => cell.replace(/,$/, '')) ?? [];
    const of = (name: string) => cells[names.indexOf(name)];
    expect(['BilledCost', 'ListCost', 'ChargePeriodStart', 'ChargePeriodEnd', 'BillingPeriodStart', 'BillingPeriodEnd', 'PricingQuantity', 'PricingUnit', 'ChargeCategory', 'ProviderName'].map(of)).toEqual([
      '12.345678', '12.345678', '2026-12-31T00:00:00Z', '2027-01-01T00:00:00Z', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z', '1455', 'Tokens', 'Usage', 'openai',
    ]);
    expect(JSON.parse((of('Tags') ?? '').slice(1, -1).replaceAll('""', '"'))).toEqual({ client: 'Acme, "Inc"', project: 'a|b', user: 'ann', key_id: 'k1' });
  });
});

describe('an invoice', () => {
  const days = { from: '2026-12-01', to: '2026-12-31' };

  it('shows each line with its markup, and totals that add up', () => {
    expect(invoiceText(invoiceOf('acme', days, [row, create(UsageRowSchema, { ...row, project: '', tokens: undefined, costMicroUsd: 5n })], 20))).toEqual([
      '# Invoice: acme', '', 'Use of language models from 2026-12-01 to 2026-12-31 (UTC).', '',
      'Amounts are the cost and 20%, rounded half up to a millionth of a dollar on each line.', '',
      '| Project | Model | Calls | Tokens in | Tokens out | Cost, USD | Amount, USD |',
      '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
      '| a\\|b | openai/gpt-5.5 * | 1,200 | 1,055 | 400 | 12.345678 | 14.814814 |',
      '| - | openai/gpt-5.5 | 1,200 | 0 | 0 | 0.000005 | 0.000006 |',
      '| **Total** |  |  |  |  | 12.345683 | **14.814820** |', '',
      '**Amount due: 14.81 USD**', '',
      '\\* The provider told no tokens of some of these calls; they were counted by NEXUS.',
    ]);
  });

  it('says nothing of a markup that there is not', () => {
    const text = invoiceText(invoiceOf('acme', days, [], 0)).join('\n');
    expect(text).toContain('**Amount due: 0.00 USD**');
    expect(text).not.toMatch(/%|Cost/);
  });
});
