import { KeyKind } from '@nexus/contracts';
import type { Publisher, ResolvedKey } from '@nexus/runtime';

/** In whose name a message of this key's caller is published. */
export function publisherOf({ tenantId, key }: ResolvedKey): Publisher {
  return { tenantId, keyId: key.id, client: key.client, project: key.project, ...(key.kind === KeyKind.SURFACE && { isSurface: true }) };
}
