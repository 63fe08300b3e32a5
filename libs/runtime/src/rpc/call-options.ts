import { toBinary } from '@bufbuild/protobuf';
import { encodeBinaryHeader, type CallOptions } from '@connectrpc/connect';
import { KeySchema, type Key } from '@nexus/contracts';
import { formatTraceparent, type TraceContext } from '@nexus/core';
import { REQUEST_ID_HEADER } from '../port/request-id.js';
import { IDEMPOTENCY_HEADER } from './idempotency-key.js';

/** Names the tenant that a call between services is made for. */
export const TENANT_HEADER = 'x-nexus-tenant';

/** Holds the key (protobuf, base64) whose caller a service speaks for; believed only beside the service token. */
export const KEY_HEADER = 'x-nexus-key-bin';

export interface CallDetails {
  readonly trace?: TraceContext | undefined;
  readonly requestId?: string;
  /** Deadline in milliseconds; default 10,000 for unary calls, none for streams; 0 is none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Makes a call that is repeated the same call. */
  readonly idempotencyKey?: string | undefined;
}

/** For a call on behalf of a tenant. */
export function asTenant(tenantId: string, trace?: TraceContext, details: CallDetails = {}): CallOptions {
  return callOptions({ [TENANT_HEADER]: tenantId }, { trace, ...details });
}

/** For a call on behalf of the caller of a key that was checked: the called service sees that key, and what it may not do is refused there. */
export function asKey(tenantId: string, key: Key, trace?: TraceContext, details: CallDetails = {}): CallOptions {
  return callOptions({ [TENANT_HEADER]: tenantId, [KEY_HEADER]: encodeBinaryHeader(toBinary(KeySchema, key)) }, { trace, ...details });
}

/** For a call that concerns no tenant, or whose messages name theirs. */
export function asService(details: CallDetails = {}): CallOptions {
  return callOptions({}, details);
}

function callOptions(headers: Record<string, string>, details: CallDetails): CallOptions {
  if (details.trace !== undefined) headers['traceparent'] = formatTraceparent(details.trace);
  if (details.requestId !== undefined) headers[REQUEST_ID_HEADER] = details.requestId;
  if (details.idempotencyKey !== undefined) headers[IDEMPOTENCY_HEADER] = details.idempotencyKey;
  const options: CallOptions = { headers };
  if (details.timeoutMs !== undefined) options.timeoutMs = details.timeoutMs;
  if (details.signal !== undefined) options.signal = details.signal;
  return options;
}
