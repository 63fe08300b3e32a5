import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { AppError } from '@nexus/core';

/**
 * The decompressed body. Reading stops as soon as it, or what it was compressed to, exceeds `maxBytes`: a small body that
 * inflates without end costs no more than that. Throws AppError `page_too_large` or `page_unreadable`, or the signal's reason.
 */
export async function readBody(body: Readable, encoding: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const decoder = decoderFor(encoding.trim().toLowerCase());
  const chunks: Buffer[] = [];
  const atMost = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new AppError('page_too_large', `The page is larger than ${maxBytes} bytes.`, { param: 'url' });
      yield chunk;
    }
  };
  const collect = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of atMost(source)) chunks.push(chunk);
  };
  try {
    if (decoder === undefined) await pipeline(body, collect, { signal });
    else await pipeline(body, atMost, decoder, collect, { signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (isDecodingError(error)) throw new AppError('page_unreadable', `The page is not valid ${encoding}.`, { param: 'url', cause: error });
    throw error;
  }
  return Buffer.concat(chunks);
}

function decoderFor(encoding: string): Transform | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new AppError('page_unreadable', `The page is encoded in a way this tool did not ask for (${JSON.stringify(encoding.slice(0, 40))}).`, { param: 'url' });
  }
}

function isDecodingError(error: unknown): boolean {
  return /^(?:Z_|ERR__ERROR_FORMAT|ERR_BROTLI|ERR_.*PADDING)/.test(String((error as { code?: unknown } | null)?.code));
}
