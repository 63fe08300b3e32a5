import { AppError } from '@nexus/core';

/** `api`: for programs. `surface`: for adapters, publishes messages of the surfaces named. */
export type NewKeyKind = 'api' | 'surface';

/** What somebody wants a key to be. */
export interface NewKey {
  readonly name: string;
  readonly kind: NewKeyKind;
  readonly client: string;
  readonly project: string;
  /** Empty is every surface. */
  readonly surfaces: readonly string[];
  readonly isAdmin: boolean;
}

const LONGEST_TEXT = 100;
const MOST_SURFACES = 50;
const SURFACE = /^[a-z][a-z0-9_-]{0,49}$/;

/** Checks what is asked for. Throws an AppError `invalid_key_request` (400) that names the field. */
export function checkedNewKey(wish: Omit<NewKey, 'kind'> & { readonly kind: NewKeyKind | undefined }): NewKey {
  const { kind } = wish;
  if (wish.name === '') throw invalid('name', 'must be given: it tells keys apart');
  for (const field of ['name', 'client', 'project'] as const) {
    if (wish[field].length > LONGEST_TEXT) throw invalid(field, `has at most ${LONGEST_TEXT} characters`);
    if (/\p{Cc}/u.test(wish[field])) throw invalid(field, 'must not hold control characters');
  }
  if (kind === undefined) throw invalid('kind', 'must be KEY_KIND_API (for programs) or KEY_KIND_SURFACE (for adapters)');
  if (wish.surfaces.length > MOST_SURFACES) throw invalid('surfaces', `are at most ${MOST_SURFACES}`);
  if (!wish.surfaces.every((surface) => SURFACE.test(surface))) throw invalid('surfaces', 'are names such as telegram or web');
  if (kind === 'api' && wish.surfaces.length > 0) throw invalid('surfaces', 'are for a surface key only: an API key publishes for every surface');
  if (kind === 'surface' && wish.isAdmin) throw invalid('is_admin', 'is not for a surface key, which only publishes messages');
  return { ...wish, kind };
}

function invalid(field: string, what: string): AppError {
  return new AppError('invalid_key_request', `${field} ${what}.`, { status: 400, param: field });
}
