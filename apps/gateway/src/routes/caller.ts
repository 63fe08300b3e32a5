import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { AppError, parseTraceparent, type TraceContext } from '@nexus/core';
import { REQUEST_ID_HEADER, asKey, type ResolvedKey } from '@nexus/runtime';
import { idempotencyKeyOf } from './idempotency-key.js';

const callers = new WeakMap<IncomingMessage, ResolvedKey>();

/** Remembers whose request it is, once its key was checked. */
export function setCaller(request: IncomingMessage, key: ResolvedKey): void {
  callers.set(request, key);
}

/** Whose request it is. Throws when its key was not checked: no route may be reached around the door. */
function callerOf(request: IncomingMessage): ResolvedKey {
  const key = callers.get(request);
  if (key === undefined) throw new AppError('invalid_api_key', 'No API key was given.', { status: 401 });
  return key;
}

/** What a controller knows of a request. */
export interface ApiCall extends ResolvedKey {
  readonly request: IncomingMessage;
  readonly requestId: string;
  /** What the caller's own trace hangs this under. */
  readonly trace: TraceContext | undefined;
  /** Undefined without the header. */
  readonly idempotencyKey: string | undefined;
  /** For calls to other services in the caller's name, with the request's Idempotency-Key: a change that is repeated happens once. */
  readonly options: ReturnType<typeof asKey>;
}

/** The checked call, as a parameter of a controller's method. */
export const Api = createParamDecorator((_: unknown, context: ExecutionContext): ApiCall => {
  const request = context.switchToHttp().getRequest<IncomingMessage>();
  const resolved = callerOf(request);
  const requestId = String(request.headers[REQUEST_ID_HEADER]);
  const traceparent = request.headers.traceparent;
  const trace = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
  const idempotencyKey = idempotencyKeyOf(request);
  return { ...resolved, request, requestId, trace, idempotencyKey, options: asKey(resolved.tenantId, resolved.key, trace, { requestId, idempotencyKey }) };
});
