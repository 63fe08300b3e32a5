import type { z } from 'zod';
import { billingSchema, markupPercentSchema } from './billing.js';
import { identitySettingSchemas } from './identity-settings.js';
import { planSchema } from './plan.js';
import { priceOverridesSchema } from './price-overrides.js';
import { routingSettingSchemas } from './routing-settings.js';

/** What a tenant's configuration keys must hold, where more than one service reads them: checked when they are set. */
const tenantConfigSchemas: Readonly<Record<string, z.ZodType>> = {
  prices: priceOverridesSchema,
  billing: billingSchema,
  'invoice.markup_percent': markupPercentSchema,
  plan: planSchema,
  ...routingSettingSchemas,
  ...identitySettingSchemas,
};

/** The keys of a tenant's configuration that something goes by, but `agent.NAME.model`, of which there is one for each agent. */
export const tenantConfigKeys: readonly string[] = Object.keys(tenantConfigSchemas);

/** True for a key that something goes by; others may be stored, and change nothing. */
export const isTenantConfigKey = (key: string): boolean => tenantConfigKeys.includes(key) || /^agent\.[^.]+\.model$/.test(key);

/** What is wrong with the value of a key, `path: message` for each fault; empty for a key that nothing is known of. */
export function tenantConfigFaults(key: string, value: unknown): string[] {
  const schema = Object.hasOwn(tenantConfigSchemas, key) ? tenantConfigSchemas[key] : undefined;
  const parsed = schema?.safeParse(value);
  return parsed?.success === false ? parsed.error.issues.flatMap((issue) => faultsOf(issue, [])) : [];
}

/** Of a choice that nothing fits, the faults of the alternative that came furthest. */
function faultsOf(issue: z.core.$ZodIssue, before: readonly PropertyKey[]): string[] {
  const path = [...before, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const depth = (alternative: readonly z.core.$ZodIssue[]): number => Math.max(...alternative.map((inner) => inner.path.length));
    const furthest = issue.errors.reduce((found, next) => (depth(next) > depth(found) ? next : found));
    return furthest.flatMap((inner) => faultsOf(inner, path));
  }
  const names = issue.code === 'unrecognized_keys' ? issue.keys.map((name) => [...path, name]) : [path];
  const message = issue.code === 'unrecognized_keys' ? 'is not known here' : issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return names.map((parts) => (parts.length === 0 ? message : `${parts.map(String).join('.')}: ${message}`));
}
