import { createRouterTransport } from '@connectrpc/connect';
import { FileService, fileUri } from '@nexus/contracts';
import { AppError, newId } from '@nexus/core';
import { toConnectError } from '@nexus/runtime';

/** Takes the place of the orchestrator's files. */
export class FakeFiles {
  private readonly stored = new Map<string, { readonly mediaType: string; readonly content: Uint8Array }>();
  /** Each question, as tenant and id. */
  readonly reads: string[] = [];
  /** Questions that fail before one is answered. */
  failing = 0;

  readonly transport = createRouterTransport((router) => router.service(FileService, {
    getFile: ({ id }, { requestHeader }) => {
      this.reads.push(`${requestHeader.get('x-nexus-tenant')} ${id}`);
      if (this.failing-- > 0) throw toConnectError(new AppError('database_unavailable', 'Away.', { status: 503, isRetryable: true }));
      const file = this.stored.get(id);
      if (file === undefined) throw toConnectError(new AppError('file_not_found', 'Gone.', { status: 404 }));
      return { file: { id, mediaType: file.mediaType }, content: file.content };
    },
  }));

  /** Its address. */
  add(mediaType: string, content: Uint8Array): string {
    const id = newId();
    this.stored.set(id, { mediaType, content });
    return fileUri(id);
  }
}
