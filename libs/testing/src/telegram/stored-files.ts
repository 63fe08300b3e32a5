import { badRequest } from './bot-api-error.js';
import type { CallBody } from './call-body.js';
import type { FakeMessage } from './chat-record.js';

type FakeFile = NonNullable<FakeMessage['file']>;

/** Files by their id. */
export type StoredFiles = Map<string, FakeFile>;

/** Keeps an uploaded file: given as the part of its own name, or as `attach://<part>`. */
export function keepFile(files: StoredFiles, body: CallBody, kind: FakeFile['kind'], given: unknown): FakeFile {
  const part = typeof given === 'string' && given.startsWith('attach://') ? given.slice('attach://'.length) : kind;
  const upload = body.files.get(part);
  if (upload === undefined) throw badRequest(`there is no ${kind} in the request`);
  if (upload.content.length === 0) throw badRequest('file must be non-empty');
  const file: FakeFile = { id: `file-${files.size + 1}`, kind, name: upload.name, content: upload.content };
  files.set(file.id, file);
  return file;
}
