import { create } from '@bufbuild/protobuf';
import { AttachmentSchema, IncomingRequestSchema, fileIdOf, type Attachment, type IncomingRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { StoredFileStore } from '../storage/stored-file.store.js';

/** Of one text file, and of all of a message, as UTF-8: what a model is told of them. */
const MOST_TEXT_BYTES = 131_072;
const MOST_TEXT_BYTES_OF_ALL = 262_144;

/** Looks up the stored files that come with a message, once, when it is accepted: what its run is told of them never changes then, and outlives them. */
export class AttachedFiles {
  constructor(private readonly store: Pick<StoredFileStore, 'describe'>) {}

  /**
   * The same request, each stored file with its name, type and size as stored, and text files with what they say, as far as a model is told.
   * Nothing that the publisher said of these counts. Rejects with AppError `file_not_found` (404) for a file that the tenant has not.
   */
  async look(tenantId: string, request: IncomingRequest): Promise<IncomingRequest> {
    if (request.attachments.length === 0) return request;
    const ids = [...new Set(request.attachments.flatMap(({ uri }) => fileIdOf(uri) ?? []))];
    const found = ids.length === 0 ? [] : await this.store.describe(tenantId, ids, MOST_TEXT_BYTES);
    const files = new Map(found.map((file) => [file.id, file]));
    let left = MOST_TEXT_BYTES_OF_ALL;
    const attachments = request.attachments.map((attachment, place): Attachment => {
      const id = fileIdOf(attachment.uri);
      if (id === undefined) return attachment.text === '' ? attachment : create(AttachmentSchema, { ...attachment, text: '' });
      const file = files.get(id);
      if (file === undefined) throw new AppError('file_not_found', `There is no file ${attachment.uri}, or not any more.`, { status: 404, param: `attachments.${place}` });
      const text = wholeCharacters((file.text ?? new Uint8Array()).subarray(0, left));
      left -= text.bytes;
      return create(AttachmentSchema, { uri: attachment.uri, mediaType: file.mediaType, name: file.name, bytes: BigInt(file.bytes), text: text.text });
    });
    return create(IncomingRequestSchema, { ...request, attachments });
  }
}

/** The text of bytes that may end in the midst of a character. */
function wholeCharacters(bytes: Uint8Array): { readonly text: string; readonly bytes: number } {
  return { text: new TextDecoder('utf-8').decode(bytes, { stream: true }), bytes: bytes.length };
}
