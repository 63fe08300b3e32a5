import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_FILE_BYTES } from '@nexus/contracts';
import { AppError, deterministicId, newId, parseTraceparent } from '@nexus/core';
import { REQUEST_ID_HEADER, asKey, type ResolvedKey, type ServiceClients } from '@nexus/runtime';
import { fileJson } from '../domain/file-json.js';
import type { RawRoute } from './door.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { readBody } from './read-body.js';
import { requireMethod } from './require-method.js';
import { writeJson } from './write-error.js';

/** Bodies that are held at once: each may have 20 MiB. */
const MOST_UPLOADS = 8;
const ROOM_AGAIN_MS = 1_000;
const STORED_WITHIN_MS = 60_000;

/** POST /files: the body is the file. The same Idempotency-Key of the same API key gives the same file. */
export class FilesRoute implements RawRoute {
  readonly queues = undefined;
  private uploads = 0;

  constructor(private readonly clients: Pick<ServiceClients, 'files'>) {}

  async serve(request: IncomingMessage, response: ServerResponse, key: ResolvedKey): Promise<void> {
    requireMethod('POST', request, response);
    refuseForm(request.headers['content-type']);
    const name = fileNameOf(request.headers['x-file-name']);
    const id = idOf(request, key);
    if (this.uploads >= MOST_UPLOADS) throw new AppError('overloaded', 'Too many files are being sent. Nothing was stored; retry later.', { status: 429, isRetryable: true, retryAfterMs: ROOM_AGAIN_MS });
    this.uploads++;
    try {
      const content = await readBody(request, MAX_FILE_BYTES, tooLarge);
      const { traceparent } = request.headers;
      const trace = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
      const details = { requestId: String(request.headers[REQUEST_ID_HEADER]), timeoutMs: STORED_WITHIN_MS };
      const stored = await this.clients.files.putFile({ id, name, content }, asKey(key.tenantId, key.key, trace, details));
      writeJson(response, 201, fileJson(stored));
    } finally {
      this.uploads--;
    }
  }
}

function idOf(request: IncomingMessage, { tenantId, key }: ResolvedKey): string {
  const idempotencyKey = idempotencyKeyOf(request);
  return idempotencyKey === undefined ? newId() : deterministicId(tenantId, 'POST /files', key.id, idempotencyKey);
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('file_too_large', `A file may have at most ${maxBytes} bytes.`, { status: 413 });
}

/** What a browser's form sends is not the file, but the form. */
function refuseForm(contentType: string | undefined): void {
  if (/^multipart\//i.test(contentType ?? '')) {
    throw new AppError('unsupported_media_type', 'Send the file itself as the body, with its name in x-file-name, not as a form: curl --data-binary @FILE -H "content-type: application/octet-stream".', { status: 415, param: 'content-type' });
  }
}

/** The name, written with percent signs so that a header can carry it. Empty when there is none. */
function fileNameOf(header: string | string[] | undefined): string {
  if (typeof header !== 'string') return '';
  try {
    return decodeURIComponent(header);
  } catch (cause) {
    throw new AppError('invalid_value', 'The name in x-file-name must be percent-encoded UTF-8, as encodeURIComponent() writes it.', { status: 400, param: 'x-file-name', cause });
  }
}
