import type { IncomingMessage } from 'node:http';
import { readBody } from '../read-body.js';
import { badRequest } from './bot-api-error.js';

/** What a method was called with: JSON or form, values of a form parsed where they are JSON; files by the name of their part. */
export interface CallBody {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, { readonly name: string; readonly mediaType: string; readonly content: Buffer }>;
}

/** Reads the body of a call in each of the forms that Telegram takes. */
export async function readCallBody(request: IncomingMessage): Promise<CallBody> {
  const body = await readBody(request);
  const type = request.headers['content-type'] ?? '';
  const query = Object.fromEntries(new URL(request.url ?? '/', 'http://fake').searchParams);
  const noFiles: CallBody['files'] = new Map();
  if (body.length === 0) return { fields: withJson(query), files: noFiles };
  if (type.startsWith('application/json')) return { fields: { ...withJson(query), ...parseObject(body.toString('utf8')) }, files: noFiles };
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData().catch(() => {
    throw badRequest('the body is neither JSON nor a form');
  });
  const fields: Record<string, unknown> = { ...query };
  const files = new Map<string, { name: string; mediaType: string; content: Buffer }>();
  for (const [name, value] of form.entries()) {
    if (typeof value === 'string') fields[name] = value;
    else files.set(name, { name: value.name, mediaType: value.type, content: Buffer.from(await value.arrayBuffer()) });
  }
  return { fields: withJson(fields), files };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw badRequest("can't parse JSON of the body");
  }
}

/** In a form numbers, booleans, arrays and objects come as JSON. Texts stay what they are, also those that look like numbers. */
function withJson(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const textual = new Set(['text', 'caption', 'secret_token', 'url', 'file_id']);
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' && !textual.has(name) ? parsed(value) : value]));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
