import type { MessageInitShape } from '@bufbuild/protobuf';
import { KeyKind, type KeySchema } from '@nexus/contracts';
import type { NewKeyKind } from './domain/new-key.js';
import type { StoredKey } from './storage/key.repository.js';

const kinds: Record<NewKeyKind, KeyKind> = { api: KeyKind.API, surface: KeyKind.SURFACE };

/** A stored key as callers see it. */
export function keyMessage(key: StoredKey): MessageInitShape<typeof KeySchema> {
  return {
    id: key.id,
    name: key.name,
    kind: kinds[key.kind],
    prefix: key.prefix,
    client: key.client,
    project: key.project,
    surfaces: [...key.surfaces],
    isAdmin: key.isAdmin,
    createdAt: BigInt(key.createdAt.getTime()),
    revokedAt: BigInt(key.revokedAt?.getTime() ?? 0),
  };
}

/** The kind that a caller asks for; undefined for one that is not known here. */
export function kindFrom(kind: KeyKind): NewKeyKind | undefined {
  return kind === KeyKind.API ? 'api' : kind === KeyKind.SURFACE ? 'surface' : undefined;
}
