import { z } from 'zod';

const MOST_SURFACES = 50;

/** What holds where a tenant has set nothing. */
export const identityDefaults: { readonly surfaces: readonly string[]; readonly messagesPerMinute: number } = {
  surfaces: ['telegram', 'discord'],
  messagesPerMinute: 30,
};

/**
 * The tenant's configuration keys that say whom surfaces serve: on those in `identity.surfaces` only people who are linked, and groups that have an
 * owner; an empty list serves everybody who writes. `identity.messages_per_minute` is how many messages each person may send through adapters, or each
 * account that is linked to nobody.
 */
export const identitySettingSchemas = {
  'identity.surfaces': z.array(z.string().regex(/^[a-z][a-z0-9_-]{0,49}$/, 'must be the name of a surface, such as telegram')).max(MOST_SURFACES, `at most ${MOST_SURFACES}`),
  'identity.messages_per_minute': z.int('must be a whole number').min(1, 'must be at least 1').max(6_000, 'must be at most 6000'),
};
