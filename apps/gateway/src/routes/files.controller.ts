import type { ServerResponse } from 'node:http';
import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import { AppError, isUuid } from '@nexus/core';
import { CLIENTS, type ServiceClients } from '@nexus/runtime';
import { fileHeaders } from '../domain/file-json.js';
import { Api, type ApiCall } from './caller.js';

const READ_WITHIN_MS = 60_000;

/** GET /files/{file_id}: the bytes of a stored file of the tenant. */
@Controller('files')
export class FilesController {
  constructor(@Inject(CLIENTS) private readonly clients: ServiceClients) {}

  @Get(':file_id')
  async get(@Api() { options }: ApiCall, @Param('file_id') id: string, @Res() response: ServerResponse): Promise<void> {
    if (!isUuid(id)) throw new AppError('file_not_found', 'There is no such file, or not any more.', { status: 404, param: 'file_id' });
    const { file, content } = await this.clients.files.getFile({ id }, { ...options, timeoutMs: READ_WITHIN_MS });
    if (!file) throw new Error('getFile() gives a file');
    response.writeHead(200, fileHeaders(file));
    response.end(content);
  }
}
