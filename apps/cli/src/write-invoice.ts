import { billingSchema, markupPercentSchema, type UsageRow } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { invoiceOf } from './domain/invoice.js';
import { invoiceText } from './format/invoice-text.js';
import type { Gateway } from './gateway-client.js';

/** The client's invoice, line by line, with the markup that the tenant has set for it, or for all. Throws AppError `invalid_config` for a markup that is none. */
export async function writeInvoice(gateway: Pick<Gateway, 'settings'>, whose: { readonly client: string; readonly from: string; readonly to: string }, rows: readonly UsageRow[]): Promise<string[]> {
  const [ofClients, ofAll] = await Promise.all(['billing', 'invoice.markup_percent'].map(async (key) => {
    const { values } = await gateway.settings.getConfig({ prefix: key });
    return values[key] === undefined ? undefined : (JSON.parse(values[key]) as unknown);
  }));
  const billing = billingSchema.optional().safeParse(ofClients);
  const usual = markupPercentSchema.optional().safeParse(ofAll);
  if (!billing.success || !usual.success) throw new AppError('invalid_config', `The tenant's configuration key "${billing.success ? 'invoice.markup_percent' : 'billing'}" is wrong: set it again.`, { status: 400 });
  const own = Object.hasOwn(billing.data ?? {}, whose.client) ? billing.data?.[whose.client]?.markup_percent : undefined;
  const inOrder = rows.toSorted((a, b) => compare(a.project, b.project) || compare(a.provider, b.provider) || compare(a.model, b.model));
  return invoiceText(invoiceOf(whose.client, whose, inOrder, own ?? usual.data ?? 0));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
