import { usageDimensions, type TokenUsage, type UsageRow } from '@nexus/contracts';
import { dayAfter, daysOfMonth } from '../domain/month.js';
import { csvLines } from './csv.js';
import { decimalUsd } from './decimal-usd.js';

/** By what a FOCUS file is summed: a line for each. */
export const focusGroups = usageDimensions;

/**
 * The columns of the FinOps Open Cost and Usage Specification 1.2 that are mandatory, those of the others that the ledger can fill, and
 * its own, which begin with `x_`. Unit prices are left out: a line sums calls whose buckets have prices of their own.
 */
const COLUMNS: readonly (readonly [name: string, value: (row: UsageRow) => string])[] = [
  ['BilledCost', cost],
  ['BillingAccountId', ({ provider }) => provider],
  ['BillingAccountName', ({ provider }) => provider],
  ['BillingCurrency', () => 'USD'],
  ['BillingPeriodEnd', ({ day }) => startOf(dayAfter(daysOfMonth(day.slice(0, 7))?.to ?? day))],
  ['BillingPeriodStart', ({ day }) => startOf(`${day.slice(0, 7)}-01`)],
  ['ChargeCategory', () => 'Usage'],
  ['ChargeClass', () => ''],
  ['ChargeDescription', ({ provider, model, attempts }) => `${attempts} ${provider === 'tool' ? 'uses' : 'calls'} of ${model}`],
  ['ChargeFrequency', () => 'Usage-Based'],
  ['ChargePeriodEnd', ({ day }) => startOf(dayAfter(day))],
  ['ChargePeriodStart', ({ day }) => startOf(day)],
  ['ConsumedQuantity', ({ tokens }) => String(allTokens(tokens))],
  ['ConsumedUnit', () => 'Tokens'],
  ['ContractedCost', cost],
  ['EffectiveCost', cost],
  ['InvoiceIssuerName', ({ provider }) => provider],
  ['ListCost', cost],
  ['PricingCategory', () => 'Standard'],
  ['PricingQuantity', ({ tokens }) => String(allTokens(tokens))],
  ['PricingUnit', () => 'Tokens'],
  ['ProviderName', ({ provider }) => provider],
  ['PublisherName', ({ provider }) => provider],
  ['ResourceId', ({ model }) => model],
  ['ResourceName', ({ model }) => model],
  ['ResourceType', ({ provider }) => (provider === 'tool' ? 'Tool' : 'Model')],
  ['ServiceCategory', () => 'AI and Machine Learning'],
  ['ServiceName', ({ provider }) => (provider === 'tool' ? 'Tools' : 'Model inference')],
  ['ServiceSubcategory', () => 'Generative AI'],
  ['SubAccountId', ({ client }) => client],
  ['SubAccountName', ({ client }) => client],
  ['Tags', ({ client, project, user, agent, keyId }) => tags({ client, project, user, agent, key_id: keyId })],
  ['x_Calls', ({ attempts }) => String(attempts)],
  ['x_FailedCalls', ({ failed }) => String(failed)],
  ['x_InputTokens', ({ tokens }) => String(tokens?.input ?? 0n)],
  ['x_CacheReadTokens', ({ tokens }) => String(tokens?.cacheRead ?? 0n)],
  ['x_CacheWriteTokens', ({ tokens }) => String((tokens?.cacheWrite ?? 0n) + (tokens?.cacheWrite1h ?? 0n))],
  ['x_OutputTokens', ({ tokens }) => String(tokens?.output ?? 0n)],
  ['x_ReasoningTokens', ({ tokens }) => String(tokens?.reasoning ?? 0n)],
  ['x_Searches', ({ tokens }) => String(tokens?.requests ?? 0n)],
];

/** A FOCUS 1.2 file of rows that are summed by `focusGroups`. Costs are what the providers charge, without any markup; the ledger knows one price of a call, so that list, contracted and billed cost are the same. */
export function usageFocus(rows: readonly UsageRow[]): string[] {
  return csvLines(COLUMNS.map(([name]) => name), rows.map((row) => COLUMNS.map(([, value]) => value(row))));
}

function cost({ costMicroUsd }: UsageRow): string {
  return decimalUsd(costMicroUsd);
}

/** Reasoning is a part of output. */
function allTokens(tokens: TokenUsage | undefined): bigint {
  if (!tokens) return 0n;
  return tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.cacheWrite1h + tokens.output + tokens.audioInput + tokens.audioOutput;
}

function startOf(day: string): string {
  return `${day}T00:00:00Z`;
}

function tags(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')));
}
