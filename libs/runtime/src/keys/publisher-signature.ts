import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whom a message on requests.incoming is published for, vouched for by a service that checked the caller's key itself. */
export interface Publisher {
  readonly tenantId: string;
  readonly keyId: string;
  /** Attribution of the key, empty when it has none. */
  readonly client: string;
  readonly project: string;
  /** The key is an adapter's: the message comes from a person of its surface, who has to be known there. Left out for an API key. */
  readonly isSurface?: boolean;
}

const SCHEME = 'Nexus ';

/**
 * Metadata `authorization` for one message: `Nexus tenant=...,key=...,client=...,project=...[,kind=surface],sig=...`. The signature (HMAC-SHA256
 * with the service token) covers the message id, so that it is worth nothing on another message, and no caller's secret lies in Redis.
 */
export function signPublisher(serviceToken: string, publisher: Publisher, messageId: string): string {
  const { tenantId, keyId, client, project } = publisher;
  const fields = [`tenant=${tenantId}`, `key=${keyId}`, `client=${encodeURIComponent(client)}`, `project=${encodeURIComponent(project)}`, ...(publisher.isSurface === true ? ['kind=surface'] : [])];
  return `${SCHEME}${fields.join(',')},sig=${signatureOf(serviceToken, publisher, messageId).toString('base64url')}`;
}

/** The publisher that a service vouched for, or undefined when the value is of another kind, malformed, or its signature is wrong. */
export function verifyPublisher(serviceToken: string, authorization: string, messageId: string): Publisher | undefined {
  if (!authorization.startsWith(SCHEME)) return undefined;
  const fields = new Map(authorization.slice(SCHEME.length).split(',').map((field) => splitOnce(field)));
  const publisher = {
    tenantId: fields.get('tenant') ?? '',
    keyId: fields.get('key') ?? '',
    client: decode(fields.get('client')),
    project: decode(fields.get('project')),
    ...(fields.get('kind') === 'surface' && { isSurface: true }),
  };
  const given = Buffer.from(fields.get('sig') ?? '', 'base64url');
  const expected = signatureOf(serviceToken, publisher, messageId);
  return given.length === expected.length && timingSafeEqual(given, expected) ? publisher : undefined;
}

function signatureOf(serviceToken: string, publisher: Publisher, messageId: string): Buffer {
  const parts = ['nexus publisher 1', publisher.tenantId, publisher.keyId, publisher.client, publisher.project, messageId, ...(publisher.isSurface === true ? ['surface'] : [])];
  return createHmac('sha256', serviceToken).update(JSON.stringify(parts)).digest();
}

function splitOnce(field: string): [string, string] {
  const at = field.indexOf('=');
  return at < 0 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)];
}

function decode(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    return '';
  }
}
