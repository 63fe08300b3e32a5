import { createHmac } from 'node:crypto';

/** What begins every secret of a webhook, so that scanners find one that got lost. */
const SECRET_PREFIX = 'whsec_';

/** A webhook's secret as its receiver is given it: `whsec_` and base64, as https://www.standardwebhooks.com says. */
export function secretText(secret: Uint8Array): string {
  return SECRET_PREFIX + Buffer.from(secret).toString('base64');
}

/** A message as it is signed. */
export interface UnsignedMessage {
  /** The same for every try, so that the receiver can drop what it has seen. */
  readonly id: string;
  /** Of this try, Unix milliseconds; sent as seconds. */
  readonly atMs: number;
  readonly body: string;
}

/** The headers with which a receiver verifies who sent a message, and when: Standard Webhooks, symmetric signature `v1`. */
export function signatureHeaders(secret: Uint8Array, { id, atMs, body }: UnsignedMessage): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(atMs / 1_000));
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
