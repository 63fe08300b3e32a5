/** Names of the metadata that an envelope may carry; every value is a string. */
export const metadataKeys = {
  /** `application/protobuf` (default) or `application/json` (proto3 JSON, for publishing by hand). */
  contentType: 'content-type',
  /** Tenant that the message belongs to; set by NEXUS itself, ignored on requests.incoming. */
  tenant: 'tenant',
  /** `Bearer <surface token>`: who may publish to requests.incoming. */
  authorization: 'authorization',
  /** Where the answer goes: `<channel>:<reply-to>`. */
  replyTo: 'reply-to',
  /** On inference.repeat: the life of a router that has the answer. */
  owner: 'owner',
  /** W3C trace context. */
  traceparent: 'traceparent',
  /** On requests.incoming: what the publisher makes of the request's body. The same message id with another one is refused with `idempotency_key_reused`. */
  requestHash: 'request-hash',
} as const;

export type Metadata = Readonly<Record<string, string>>;
