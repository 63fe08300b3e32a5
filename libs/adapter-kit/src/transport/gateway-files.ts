import { fileIdOf } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { z } from 'zod';
import type { FetchedFile, KeptFile } from './adapter-transport.js';

const WITHIN_MS = 60_000;
const TOO_MANY = 429;
const keptSchema = z.object({ uri: z.string(), media_type: z.string() });
const errorSchema = z.object({ error: z.object({ code: z.string().nullish(), message: z.string() }) });

/** Files by `POST /files` and `GET /files/{id}` of the gateway. */
export class GatewayFiles {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Rejects with the gateway's AppError: `file_too_large` and the like, a retryable one when it may be tried again. */
  async put(id: string, name: string, content: Uint8Array): Promise<KeptFile> {
    const headers = { 'content-type': 'application/octet-stream', 'x-file-name': encodeURIComponent(name.toWellFormed()), 'idempotency-key': id };
    const response = await this.ask('/files', { method: 'POST', headers, body: new Uint8Array(content) });
    const { uri, media_type: mediaType } = keptSchema.parse(await response.json());
    return { uri, mediaType };
  }

  async get(uri: string): Promise<FetchedFile> {
    const id = fileIdOf(uri);
    if (id === undefined) throw new AppError('file_not_found', 'There is no such file, or not any more.', { status: 404 });
    const response = await this.ask(`/files/${id}`, { method: 'GET' });
    const mediaType = (response.headers.get('content-type') ?? '').replace(/;.*$/, '');
    return { name: nameOf(response.headers.get('content-disposition') ?? ''), mediaType, content: new Uint8Array(await response.arrayBuffer()) };
  }

  private async ask(path: string, request: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(new URL(path, this.url), { ...request, headers: { ...request.headers, authorization: `Bearer ${this.token}` }, signal: AbortSignal.timeout(WITHIN_MS), redirect: 'error' });
    } catch (cause) {
      throw new AppError('gateway_unreachable', 'The gateway does not answer, so no file can be passed on.', { status: 503, isRetryable: true, cause });
    }
    if (response.ok) return response;
    const { status } = response;
    const read = errorSchema.safeParse(await response.json().catch(() => undefined));
    const said = read.success ? read.data.error : undefined;
    throw new AppError(said?.code ?? 'file_failed', said?.message ?? `The gateway answered ${status}.`, { status, isRetryable: status >= 500 || status === TOO_MANY });
  }
}

/** The name in a Content-Disposition header (RFC 6266), the extended form first. */
function nameOf(header: string): string {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1];
  try {
    if (extended !== undefined) return decodeURIComponent(extended);
  } catch {
    // then the plain one
  }
  return /filename="([^"]*)"/i.exec(header)?.[1] ?? 'file';
}
