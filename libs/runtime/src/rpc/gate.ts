import { timingSafeEqual } from 'node:crypto';
import { decodeBinaryHeader, type HandlerContext } from '@connectrpc/connect';
import { Health, KeyKind, KeySchema, ServerReflection, ServerReflectionAlpha } from '@nexus/contracts';
import { AppError, isUuid, parseTraceparent, type TraceContext } from '@nexus/core';
import { hashOf, type KeyResolver } from '../keys/key-resolver.js';
import { REQUEST_ID_HEADER, requestIdFrom } from '../port/request-id.js';
import { callerKey, type Caller } from './caller.js';
import { KEY_HEADER, TENANT_HEADER } from './call-options.js';
import { toConnectError } from './rpc-error.js';

/** Services that tell nothing of a tenant, so that probes and tools need no key. */
const openServices: ReadonlySet<string> = new Set([Health.typeName, ServerReflection.typeName, ServerReflectionAlpha.typeName]);

/** Decides who calls, before the body is read: the service token, or an API key. Anything else is refused with 401. */
export function createGate(serviceToken: string, keys: Pick<KeyResolver, 'resolve'>): (context: HandlerContext) => Promise<void> {
  const tokenHash = hashOf(serviceToken);
  return async (context) => {
    const requestId = requestIdFrom(context.requestHeader.get(REQUEST_ID_HEADER));
    context.responseHeader.set(REQUEST_ID_HEADER, requestId);
    if (openServices.has(context.service.typeName)) return;
    try {
      context.values.set(callerKey, await identify(context.requestHeader, requestId, tokenHash, keys));
    } catch (error) {
      throw toConnectError(error);
    }
  };
}

async function identify(headers: Headers, requestId: string, tokenHash: Buffer, keys: Pick<KeyResolver, 'resolve'>): Promise<Caller> {
  const secret = /^Bearer (\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
  if (secret === undefined) {
    throw new AppError('unauthenticated', 'Send the header `authorization: Bearer <API key>`.', { status: 401 });
  }
  const trace = parseTraceparent(headers.get('traceparent') ?? undefined);
  if (timingSafeEqual(hashOf(secret), tokenHash)) {
    return callerOfService(headers, requestId, trace);
  }
  const resolved = await keys.resolve(secret);
  if (resolved === undefined) throw new AppError('invalid_key', 'This key is not known, or it was revoked.', { status: 401 });
  if (resolved.key.kind !== KeyKind.API) {
    throw new AppError('key_not_allowed', 'This key only publishes messages of its surfaces; use an API key.', { status: 403 });
  }
  return { kind: 'key', tenantId: resolved.tenantId, key: resolved.key, requestId, trace };
}

/** A service speaks for itself, or for the caller of a key that it has checked. */
function callerOfService(headers: Headers, requestId: string, trace: TraceContext | undefined): Caller {
  const tenantId = tenantOf(headers);
  const key = headers.get(KEY_HEADER);
  if (key === null) return { kind: 'service', tenantId, requestId, trace };
  return { kind: 'key', tenantId, key: decodeBinaryHeader(key, KeySchema), requestId, trace };
}

function tenantOf(headers: Headers): string {
  const tenantId = headers.get(TENANT_HEADER) ?? '';
  if (tenantId !== '' && !isUuid(tenantId)) {
    throw new AppError('invalid_tenant', 'x-nexus-tenant must be a tenant id (a UUID).', { status: 400, param: TENANT_HEADER });
  }
  return tenantId;
}
