import type { ServerResponse } from 'node:http';
import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import { AppError, isUuid } from '@nexus/core';
import { CLIENTS, type ServiceClients } from '@nexus/runtime';
import { fileHeaders } from '../domain/file-json.js';
import { Api, type ApiCall } from './caller.js';

const READ_WITHIN_MS = 60_000;
/** Files that are held at once until their readers have them: each may have 20 MiB. */
const MOST_DOWNLOADS = 32;
const ROOM_AGAIN_MS = 1_000;
/** A reader who takes longer is cut off: others wait for the room. */
const TAKEN_WITHIN_MS = 120_000;

/** GET /files/{file_id}: the bytes of a stored file of the tenant. */
@Controller('files')
export class FilesController {
  private downloads = 0;

  constructor(@Inject(CLIENTS) private readonly clients: ServiceClients) {}

  @Get(':file_id')
  async get(@Api() { options }: ApiCall, @Param('file_id') id: string, @Res() response: ServerResponse): Promise<void> {
    if (!isUuid(id)) throw new AppError('file_not_found', 'There is no such file, or not any more.', { status: 404, param: 'file_id' });
    if (this.downloads >= MOST_DOWNLOADS) throw new AppError('overloaded', 'Too many files are being read. Retry later.', { status: 429, isRetryable: true, retryAfterMs: ROOM_AGAIN_MS });
    this.downloads++;
    const cut = setTimeout(() => response.destroy(), TAKEN_WITHIN_MS).unref();
    response.once('close', () => {
      clearTimeout(cut);
      this.downloads--;
    });
    const { file, content } = await this.clients.files.getFile({ id }, { ...options, timeoutMs: READ_WITHIN_MS });
    if (!file) throw new Error('getFile() gives a file');
    response.writeHead(200, fileHeaders(file));
    response.end(content);
  }
}
