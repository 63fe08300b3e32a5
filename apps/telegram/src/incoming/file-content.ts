import { AppError } from '@nexus/core';
import type { Api } from 'grammy';
import { failureOf } from '../call-failure.js';

/** Telegram hands out no larger files. */
export const MOST_DOWNLOAD = 20 * 1_024 * 1_024;
const DOWNLOAD_WITHIN_MS = 60_000;

export interface FileSource {
  readonly api: Api;
  readonly apiRoot: string;
  readonly token: string;
}

/**
 * The content of a file, through the API root. Throws AppError `file_too_large`, `file_gone`, or `surface_unreachable` (retryable); none of
 * them tells the address, which holds the bot's token.
 */
export async function fileContent({ api, apiRoot, token }: FileSource, fileId: string, bytes: number): Promise<Uint8Array> {
  if (bytes > MOST_DOWNLOAD) throw tooLarge();
  const path = await pathOf(api, fileId);
  const address = `${apiRoot}/file/bot${token}/${path.split('/').map(encodeURIComponent).join('/')}`;
  const response = await fetch(address, { signal: AbortSignal.timeout(DOWNLOAD_WITHIN_MS) }).catch(() => undefined);
  if (response?.status === 404) throw gone();
  if (response === undefined || !response.ok) throw unreachable();
  const content = await response.arrayBuffer().catch(() => undefined);
  if (content === undefined) throw unreachable();
  if (content.byteLength > MOST_DOWNLOAD) throw tooLarge();
  return new Uint8Array(content);
}

async function pathOf(api: Api, fileId: string): Promise<string> {
  try {
    const { file_path: path } = await api.getFile(fileId);
    if (path === undefined || path.startsWith('/')) throw gone();
    return path;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const failure = failureOf(error);
    if (failure.kind === 'flood') throw unreachable(failure.afterMs);
    if (failure.kind === 'refused') throw /too big/i.test(failure.reason) ? tooLarge() : gone();
    throw unreachable();
  }
}

const tooLarge = (): AppError => new AppError('file_too_large', 'Telegram hands out files of at most 20 MB.', { status: 413 });
const gone = (): AppError => new AppError('file_gone', 'Telegram does not hand out this file.', { status: 404 });
const unreachable = (retryAfterMs?: number): AppError => new AppError('surface_unreachable', 'Telegram did not hand out the file.', { status: 503, isRetryable: true, retryAfterMs });
