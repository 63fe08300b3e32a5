import { AppError } from '@nexus/core';
import { z } from 'zod';

const text = (longest: number) => z.string().max(longest, `has at most ${longest} characters`).refine((value) => !/\p{Cc}/u.test(value), 'holds control characters');

const schema = z.object({
  name: text(100).min(1, 'must be given: it tells keys apart'),
  kind: z.enum(['api', 'surface'], 'must be API (for programs) or SURFACE (for adapters)'),
  client: text(100),
  project: text(100),
  surfaces: z.array(z.string().regex(/^[a-z][a-z0-9_-]{0,49}$/, 'are names such as telegram or web')).max(50, 'are at most 50'),
  isAdmin: z.boolean(),
});

/** What somebody wants a key to be. */
export type NewKey = z.infer<typeof schema>;

/** Checks what is asked for. Throws an AppError `invalid_key_request` (400) that names the field. */
export function checkedNewKey(wish: { readonly [Field in keyof NewKey]: unknown }): NewKey {
  const parsed = schema.safeParse(wish);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = String(issue?.path[0] ?? 'name');
    throw new AppError('invalid_key_request', `${field} ${issue?.message ?? 'is wrong'}.`, { status: 400, param: field });
  }
  if (parsed.data.kind === 'surface' && parsed.data.isAdmin) {
    throw new AppError('invalid_key_request', 'A surface key only publishes messages; it cannot be an admin key.', { status: 400, param: 'is_admin' });
  }
  return parsed.data;
}
