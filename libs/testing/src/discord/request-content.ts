import { z } from 'zod';
import { invalidForm, tooLarge } from './discord-failure.js';

/** A file of a multipart request. */
export interface UploadedFile {
  /** The n of `files[n]`. */
  readonly index: string;
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

export interface RequestContent {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly UploadedFile[];
}

const MAX_FILE_BYTES = 10 * 1024 * 1024;
const objects = z.record(z.string(), z.unknown());

/** Reads a body of JSON or of `multipart/form-data` with `payload_json` and `files[n]`; an empty one has no fields. */
export async function readContent(body: Buffer, contentType: string): Promise<RequestContent> {
  if (body.length === 0) return { fields: {}, files: [] };
  if (!contentType.startsWith('multipart/form-data')) return { fields: parsed(body.toString('utf8')), files: [] };
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  const files: UploadedFile[] = [];
  for (const [name, value] of form.entries()) {
    if (typeof value === 'string') continue;
    const index = /^files\[(\d+)\]$/.exec(name)?.[1];
    if (index === undefined) throw invalidForm(name, 'UNKNOWN_FIELD', 'Files are called files[n].');
    if (value.size > MAX_FILE_BYTES) throw tooLarge();
    files.push({ index, filename: value.name, contentType: value.type, content: new Uint8Array(await value.arrayBuffer()) });
  }
  const payload = form.get('payload_json');
  return { fields: typeof payload === 'string' ? parsed(payload) : {}, files };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? { list: value } : objects.parse(value);
  } catch {
    throw invalidForm('body', 'INVALID_JSON', 'The body is no JSON object.');
  }
}
