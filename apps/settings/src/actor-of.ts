import type { Caller } from '@nexus/runtime';
import type { Actor } from './handlers/tenant-changes.js';

/** Who makes a change, as the audit names them. */
export function actorOf(who: Caller): Actor {
  return { tenantId: who.tenantId, name: who.key === undefined ? who.kind : `key:${who.key.id}`, requestId: who.requestId, trace: who.trace };
}
