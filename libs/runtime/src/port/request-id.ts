import type { IncomingHttpHeaders } from 'node:http';
import { newId } from '@nexus/core';

export const REQUEST_ID_HEADER = 'x-request-id';

const ACCEPTED = /^[\w.:-]{1,128}$/;

/** The caller's request id when it is harmless, else a new one: stands in every answer and every error. */
export function requestIdFrom(header: string | null | undefined): string {
  return header !== null && header !== undefined && ACCEPTED.test(header) ? header : newId();
}

interface MinimalRequest {
  readonly headers: IncomingHttpHeaders;
}

interface MinimalResponse {
  setHeader(name: string, value: string): unknown;
}

/** Settles the request's id once, at the door: on the request for whoever handles it, and on the response. */
export function stampRequestId(request: MinimalRequest, response: MinimalResponse): string {
  const given = request.headers[REQUEST_ID_HEADER];
  const id = requestIdFrom(typeof given === 'string' ? given : undefined);
  request.headers[REQUEST_ID_HEADER] = id;
  response.setHeader(REQUEST_ID_HEADER, id);
  return id;
}

