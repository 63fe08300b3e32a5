import { KeyKind, type Key } from '@nexus/contracts';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

/** A tenant's keys, none of them with its secret. */
export function keyTable(keys: readonly Key[]): string[] {
  if (keys.length === 0) return ['There is no key.'];
  const titles = ['ID', 'NAME', 'KIND', 'BEGINS WITH', 'MAY', 'CLIENT', 'CREATED (UTC)', 'REVOKED (UTC)'];
  return table(
    titles.map((title) => ({ title })),
    keys.map((key) => [key.id, key.name, kindOf(key), key.prefix, rightsOf(key), [key.client, key.project].filter(Boolean).join(' / '), utcTime(key.createdAt), utcTime(key.revokedAt)]),
  );
}

function kindOf(key: Key): string {
  return key.kind === KeyKind.SURFACE ? 'surface' : 'api';
}

function rightsOf(key: Key): string {
  if (key.kind === KeyKind.SURFACE) return `publish for ${key.surfaces.length === 0 ? 'every surface' : key.surfaces.join(', ')}`;
  return key.isAdmin ? 'everything' : 'use the API';
}
