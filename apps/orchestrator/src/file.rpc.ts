import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject } from '@nestjs/common';
import { FileService, GetFileResponseSchema, MAX_FILE_BYTES, StoredFileSchema, type GetFileRequest, type PutFileRequest, type StoredFile } from '@nexus/contracts';
import { AppError, deterministicId, isUuid } from '@nexus/core';
import { ByteRoom, RpcService, requireTenant, seedOf } from '@nexus/runtime';
import { fileName } from './domain/file-name.js';
import { mediaTypeOf } from './domain/media-type.js';
import { StoredFileStore, type FileHead } from './storage/stored-file.store.js';
import { MOST_FILE_BYTES_OF_TENANT } from './tokens.js';

/** Of a message around a file. */
const ROOM_AROUND = 65_536;
/** Files that are read and written at once: a large one keeps a connection for about a second and three times its bytes, and messages need connections too. */
const AT_ONCE = 3;

/** The tenant's files; the tenant is the caller's. */
@RpcService(FileService, { readMaxBytes: MAX_FILE_BYTES + ROOM_AROUND })
export class FileRpc implements ServiceImpl<typeof FileService> {
  private readonly turns = new ByteRoom(AT_ONCE);

  constructor(
    @Inject(StoredFileStore) private readonly files: StoredFileStore,
    @Inject(MOST_FILE_BYTES_OF_TENANT) private readonly mostBytes: number,
  ) {}

  /** What the file is, its bytes say. */
  async putFile({ id, name, content }: PutFileRequest, context: HandlerContext): Promise<StoredFile> {
    const { tenantId } = requireTenant(context);
    if (id !== '' && !isUuid(id)) throw new AppError('invalid_request', 'id must be a UUID, or empty.', { status: 400, param: 'id' });
    if (content.length === 0) throw new AppError('invalid_request', 'A file must not be empty.', { status: 400, param: 'content' });
    if (content.length > MAX_FILE_BYTES) throw new AppError('file_too_large', `A file may have at most ${MAX_FILE_BYTES} bytes.`, { status: 413, param: 'content' });
    const plainName = fileName(name);
    const put = await this.inTurn(context, () => this.files.put(tenantId, {
      id: id === '' ? deterministicId(Buffer.from(seedOf(context)).toString('hex'), 'file') : id,
      name: plainName, mediaType: mediaTypeOf(content, plainName), content, hash: createHash('sha256').update(content).digest(),
    }, this.mostBytes));
    if (put === 'other') throw new AppError('idempotency_key_reused', 'Another file stands under this id, or under this Idempotency-Key. Use a new one for a new file.', { status: 422, param: 'id' });
    if (put === 'full') {
      throw new AppError('file_quota_exceeded', `The tenant may store ${this.mostBytes} bytes of files, and this one would be too much. Files are kept for 30 days; the operator sets NEXUS_FILES_TENANT_MB.`, { status: 403 });
    }
    return view(put);
  }

  async getFile({ id }: GetFileRequest, context: HandlerContext) {
    const { tenantId } = requireTenant(context);
    const found = isUuid(id) ? await this.inTurn(context, () => this.files.get(tenantId, id)) : undefined;
    if (found === undefined) throw new AppError('file_not_found', 'There is no such file, or not any more.', { status: 404, param: 'id' });
    return create(GetFileResponseSchema, { file: view(found), content: found.content });
  }

  /** Not for somebody who has left while it waited. */
  private async inTurn<T>({ signal }: HandlerContext, work: () => Promise<T>): Promise<T> {
    const leave = await this.turns.take(1);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      leave();
    }
  }
}

function view({ id, name, mediaType, bytes, createdAt, expiresAt }: FileHead): StoredFile {
  return create(StoredFileSchema, { id, name, mediaType, bytes: BigInt(bytes), createdAt: BigInt(createdAt), expiresAt: BigInt(expiresAt) });
}
