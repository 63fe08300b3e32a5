import { invalidConfiguration, type Environment } from '@nexus/runtime';
import { z } from 'zod';

/** The service's own variables. */
export const settingsEnvironmentSchema = z.object({
  NEXUS_DEV_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,200}$/, 'must have 16 to 200 printable characters and no blanks; leave it out to have no development key')
    .optional()
    .describe('Secret of the admin key of the development tenant: made at start, and changed when this changes. Not set: nothing is made or changed.'),
  NEXUS_WEBHOOKS_ALLOW_PRIVATE: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false')
    .describe('true: webhooks may stand on addresses that are not public (loopback, private networks), and do without https. Only where every admin key is in your own hands: who makes a webhook lets NEXUS call that address.'),
  NEXUS_WEBHOOKS_TIMEOUT_MS: z.coerce
    .number('must be milliseconds')
    .int('must be whole milliseconds')
    .min(100, 'must be at least 100')
    .max(60_000, 'must be at most 60000')
    .default(10_000)
    .describe('Time that the receiver of a webhook has to answer.'),
});

export interface SettingsConfig {
  readonly developmentSecret: string | undefined;
  readonly mayWebhooksBePrivate: boolean;
  readonly webhookTimeoutMs: number;
}

/** Throws an AppError `invalid_configuration` that says what to do, and no value. An empty variable counts as unset. */
export function readSettingsConfig(environment: Environment): SettingsConfig {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = settingsEnvironmentSchema.safeParse(set);
  if (!parsed.success) throw invalidConfiguration('settings', parsed.error);
  const { NEXUS_DEV_API_KEY, NEXUS_WEBHOOKS_ALLOW_PRIVATE, NEXUS_WEBHOOKS_TIMEOUT_MS } = parsed.data;
  return { developmentSecret: NEXUS_DEV_API_KEY, mayWebhooksBePrivate: NEXUS_WEBHOOKS_ALLOW_PRIVATE === 'true', webhookTimeoutMs: NEXUS_WEBHOOKS_TIMEOUT_MS };
}
