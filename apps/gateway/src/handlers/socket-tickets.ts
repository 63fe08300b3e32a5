import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { AppError, type Clock } from '@nexus/core';

export interface SocketTicket {
  readonly ticket: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

const LIFE_MS = 30_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Before the hash: until when it holds. */
const EXPIRY_BYTES = 8;
const HASH_BYTES = 32;

/**
 * Short-lived stand-ins for a key, with which a page in a browser opens a WebSocket. A ticket holds the key's hash and its own end, sealed
 * (AES-256-GCM) under a key that is derived from the service token: any replica opens what another one made, and nobody else can. It works
 * once at each replica; whether another one has seen it, a replica does not know.
 */
export class SocketTickets {
  private readonly sealKey: Uint8Array;
  /** Those that came, by nonce, with their end: the first to end stands first. */
  private readonly used = new Map<string, number>();

  constructor(serviceToken: string, private readonly clock: Clock) {
    this.sealKey = new Uint8Array(hkdfSync('sha256', serviceToken, '', 'nexus websocket ticket 1', 32));
  }

  /** A ticket for the key of which this is the hash, as hex digits. */
  issue(keyHash: string): SocketTicket {
    const expiresAt = this.clock.now() + LIFE_MS;
    const plain = Buffer.alloc(EXPIRY_BYTES + HASH_BYTES);
    plain.writeBigUInt64BE(BigInt(expiresAt));
    plain.write(keyHash, EXPIRY_BYTES, 'hex');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.sealKey, nonce);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return { ticket: Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url'), expiresAt };
  }

  /** The key's hash, as hex digits. Throws AppError `invalid_ticket` (401) for one that is no ticket, is over, or was used here before. */
  redeem(ticket: string): string {
    const bytes = Buffer.from(ticket, 'base64url');
    const plain = this.open(bytes);
    const expiresAt = Number(plain.readBigUInt64BE());
    const nonce = bytes.subarray(0, NONCE_BYTES).toString('base64');
    this.forgetEnded();
    if (expiresAt <= this.clock.now() || this.used.has(nonce)) throw invalidTicket();
    this.used.set(nonce, expiresAt);
    return plain.subarray(EXPIRY_BYTES).toString('hex');
  }

  private open(bytes: Buffer): Buffer {
    if (bytes.length !== NONCE_BYTES + TAG_BYTES + EXPIRY_BYTES + HASH_BYTES) throw invalidTicket();
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.sealKey, bytes.subarray(0, NONCE_BYTES)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      throw invalidTicket();
    }
  }

  private forgetEnded(): void {
    const now = this.clock.now();
    for (const [nonce, expiresAt] of this.used) if (expiresAt <= now) this.used.delete(nonce);
  }
}

function invalidTicket(): AppError {
  return new AppError('invalid_ticket', 'This ticket is not valid, was used, or is over: it works once, for 30 seconds. POST /ws/tickets gives a new one.', { status: 401, param: 'ticket' });
}
