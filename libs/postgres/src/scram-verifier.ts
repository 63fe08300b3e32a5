import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

const ITERATIONS = 4_096;
const VERIFIER = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/;

/**
 * What Postgres stores for a password (RFC 5802, SCRAM-SHA-256), so that the password itself never stands in a statement that a
 * server may log. For ASCII passwords, which need no SASLprep.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), iterations: number = ITERATIONS): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest();
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey.toString('base64')}:${hmac(salted, 'Server Key').toString('base64')}`;
}

/** True when the stored verifier is that of the password. */
export function isVerifierOf(verifier: string | null, password: string): boolean {
  const [, iterations, salt] = VERIFIER.exec(verifier ?? '') ?? [];
  if (verifier === null || iterations === undefined || salt === undefined) return false;
  const expected = Buffer.from(scramVerifier(password, Buffer.from(salt, 'base64'), Number(iterations)));
  const actual = Buffer.from(verifier);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
