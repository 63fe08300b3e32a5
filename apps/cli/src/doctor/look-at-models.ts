import { findingsOf, type Finding } from '../domain/doctor/finding.js';
import { count } from '../format/count.js';
import { knownPrices } from '../price-sources.js';
import type { ExaminedPlace } from './examination.js';

const providers = findingsOf('providers');
const prices = findingsOf('prices');
const MOST_NAMED = 5;

/** Whether each provider that is switched on takes its key and can be reached; it is asked for its models, which is free of charge. */
export async function lookAtProviders({ context, url }: ExaminedPlace): Promise<readonly Finding[]> {
  const gateway = await context.gateway({ url });
  const listed = await gateway.settings.listProviders({});
  const ready = listed.providers.flatMap(({ status, enabled }) => (enabled && status?.isConfigured ? [status.name] : []));
  if (ready.length === 0) return [providers.warning('no provider is ready', 'Set the key of one, such as OPENAI_API_KEY, or add one: nexus providers add.')];
  return Promise.all(ready.map(async (provider): Promise<Finding> => {
    const { ok, error, models } = await gateway.providers.testProvider({ provider }, { timeoutMs: 12_000 });
    if (ok) return providers.ok(`${provider} answers: ${count(models.length, 'model')}`);
    const isKey = error?.code === 'authentication';
    return providers.failure(`${provider} does not work: ${error?.message ?? 'no reason given'}`, isKey ? 'Set its key anew.' : 'Look whether this network lets requests out to it, and at its status page; its models are left out meanwhile.');
  }));
}

/** Whether every model that may be called has a price: without one its cost is not known. */
export async function lookAtPrices({ context, url }: ExaminedPlace): Promise<readonly Finding[]> {
  const { models } = await knownPrices(context, { url });
  const without = models.filter(({ price }) => !price).map(({ id }) => id);
  if (without.length === 0) return [prices.ok(`every one of ${models.length} models has a price`)];
  const named = `${without.slice(0, MOST_NAMED).join(', ')}${without.length > MOST_NAMED ? ` and ${without.length - MOST_NAMED} more` : ''}`;
  return [prices.warning(`no price is known of ${named}`, 'Set one in config/prices.json or the tenant\'s `prices`: until then they are refused where there is a budget. `nexus prices check` shows all.')];
}
