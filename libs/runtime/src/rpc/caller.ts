import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import type { Key } from '@nexus/contracts';
import { AppError, type TraceContext } from '@nexus/core';

/** Who makes an RPC. */
export interface Caller {
  /** `service`: one of NEXUS's own, by the service token. `key`: a program, by its API key. */
  readonly kind: 'service' | 'key';
  /** Empty when a service calls without naming a tenant. */
  readonly tenantId: string;
  readonly key?: Key;
  readonly requestId: string;
  /** Parent of what the call causes. */
  readonly trace: TraceContext | undefined;
}

const nobody: Caller = { kind: 'key', tenantId: '', requestId: '', trace: undefined };

/** Set by the gate before any handler runs; health and reflection are open and have no caller. */
export const callerKey = createContextKey<Caller>(nobody, { description: 'caller' });

export function caller(context: HandlerContext): Caller {
  return context.values.get(callerKey);
}

/** The caller, who acts for a tenant; otherwise an AppError `tenant_required` (400). */
export function requireTenant(context: HandlerContext): Caller {
  const who = caller(context);
  if (who.tenantId === '') throw new AppError('tenant_required', 'This call is made for a tenant: name it in the header x-nexus-tenant.', { status: 400 });
  return who;
}

/** The caller, who may manage the tenant: an admin key, or a service. Otherwise an AppError `admin_required` (403). */
export function requireAdmin(context: HandlerContext): Caller {
  const who = requireTenant(context);
  if (who.kind === 'key' && who.key?.isAdmin !== true) {
    throw new AppError('admin_required', 'This needs an admin key of the tenant.', { status: 403 });
  }
  return who;
}

/** The caller, who is one of NEXUS's services. Otherwise an AppError `service_required` (403). */
export function requireService(context: HandlerContext): Caller {
  const who = caller(context);
  if (who.kind !== 'service') throw new AppError('service_required', 'Only services of NEXUS may call this.', { status: 403 });
  return who;
}
