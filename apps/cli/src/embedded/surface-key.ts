import { createHash } from 'node:crypto';
import { KeyKind } from '@nexus/contracts';
import { DEVELOPMENT_TENANT_ID } from '@nexus/core';
import { asService, asTenant, type ServiceClients } from '@nexus/runtime';
import type { DataFolder } from '../data-folder.js';

/** The key that the adapters of this process publish with: made once and kept in the data folder; made anew when the database does not know it. */
export async function keepSurfaceKey(folder: DataFolder, { settings, directory }: Pick<ServiceClients, 'settings' | 'directory'>): Promise<string> {
  const kept = folder.readSecret('surface-key');
  if (kept !== undefined) {
    const { key, tenantId } = await directory.resolveKey({ hash: createHash('sha256').update(kept).digest() }, asService());
    if (key !== undefined && tenantId !== '') return kept;
  }
  const { secret } = await settings.createKey({ name: 'adapters of nexus up', kind: KeyKind.SURFACE, surfaces: ['telegram', 'discord'] }, asTenant(DEVELOPMENT_TENANT_ID));
  folder.replaceSecret('surface-key', secret);
  return secret;
}
