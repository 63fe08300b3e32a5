import { invalidConfiguration, type Environment } from '@nexus/runtime';
import { z } from 'zod';

/** The service's own variables. */
export const settingsEnvironmentSchema = z.object({
  NEXUS_DEV_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,200}$/, 'must have 16 to 200 printable characters and no blanks; leave it out to have no development key')
    .optional()
    .describe('Secret of the admin key of the development tenant: made at start, and changed when this changes. Not set: nothing is made or changed.'),
});

export interface SettingsConfig {
  readonly developmentSecret: string | undefined;
}

/** Throws an AppError `invalid_configuration` that says what to do, and no value. */
export function readSettingsConfig(environment: Environment): SettingsConfig {
  const parsed = settingsEnvironmentSchema.safeParse({ NEXUS_DEV_API_KEY: environment['NEXUS_DEV_API_KEY'] || undefined });
  if (!parsed.success) throw invalidConfiguration('settings', parsed.error);
  return { developmentSecret: parsed.data.NEXUS_DEV_API_KEY };
}
