import type { IncomingMessage } from 'node:http';
import { AppError } from '@nexus/core';

/** The largest request that is read, in bytes. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** The body of a request as text. Throws AppError `body_too_large` above 10 MiB, without having read the rest. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new AppError('unsupported_encoding', 'Send the body as it is, without a content-encoding.', { status: 415 });
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function tooLarge(): AppError {
  return new AppError('body_too_large', `The body is larger than ${MAX_BODY_BYTES} bytes.`, { status: 413 });
}
