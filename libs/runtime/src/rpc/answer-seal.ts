import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { AppError } from '@nexus/core';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Keeps the answer to a keyed call readable only for who has both the service token and the call's idempotency key: AES-256-GCM under
 * a key derived from the two. The database has neither.
 */
export class AnswerSeal {
  private readonly key: Uint8Array;

  /** `id` is the call's: a sealed answer that is moved to another call does not open. */
  constructor(serviceToken: string, idempotencyKey: string, private readonly id: string) {
    this.key = new Uint8Array(hkdfSync('sha256', serviceToken, id, `nexus idempotency key ${idempotencyKey}`, 32));
  }

  close(plain: Uint8Array, what: 'seed' | 'response'): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(`${this.id} ${what}`));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** Throws an AppError `idempotency_unreadable` (409) when it was sealed under another service token, or changed since. */
  open(sealed: Uint8Array, what: 'seed' | 'response'): Buffer {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, sealed.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(`${this.id} ${what}`));
      decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch (error) {
      throw new AppError('idempotency_unreadable', 'What is stored under this Idempotency-Key cannot be read any more: the service token was changed since. See what the first request did, then use a new key.', { status: 409, cause: error });
    }
  }
}
