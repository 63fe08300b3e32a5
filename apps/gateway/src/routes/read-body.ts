import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { AppError } from '@nexus/core';

/** What is read and thrown away of a body that is too large, so that its sender gets to read the answer. */
const DRAIN_BYTES = 64 * 1_048_576;

/** What is said of a body that is too large. */
type Refusal = (maxBytes: number) => AppError;

type Inflate = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflaters: Readonly<Record<string, Inflate>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** The body, decompressed; at most `maxBytes` before and after that, else the AppError of `refusal` (413). 415 for an encoding that is not known. */
export async function readBody(request: IncomingMessage, maxBytes: number, refusal = tooLarge): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return receive(request, maxBytes, refusal);
  const decompress = inflaters[encoding.trim().toLowerCase()];
  if (!decompress) {
    throw new AppError('unsupported_encoding', 'The content-encoding is not supported: send gzip, deflate, br or none.', { status: 415, param: 'content-encoding' });
  }
  return decompressed(await receive(request, maxBytes, refusal), decompress, maxBytes, refusal);
}

/** The body as JSON. Throws an AppError 400 when it is none. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new AppError('invalid_json', 'The body is not valid JSON.', { status: 400, cause });
  }
}

function receive(request: IncomingMessage, maxBytes: number, refusal: Refusal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isTooLarge = Number(request.headers['content-length'] ?? 0) > maxBytes;
    if (isTooLarge) reject(refusal(maxBytes));
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (!isTooLarge && size > maxBytes) {
        isTooLarge = true;
        chunks.length = 0;
        reject(refusal(maxBytes));
      }
      if (!isTooLarge) chunks.push(chunk);
      else if (size > maxBytes + DRAIN_BYTES) request.destroy();
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', (cause) => reject(new AppError('connection_closed', 'The connection was closed before the body was complete.', { status: 400, cause })));
  });
}

async function decompressed(bytes: Buffer, decompress: Inflate, maxBytes: number, refusal: Refusal): Promise<Buffer> {
  try {
    return await decompress(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw refusal(maxBytes);
    throw new AppError('invalid_encoding', 'The body cannot be decompressed as its content-encoding says.', { status: 400, param: 'content-encoding', cause });
  }
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('body_too_large', `The body is larger than ${maxBytes} bytes. Send less at once, or images as URLs.`, { status: 413 });
}
