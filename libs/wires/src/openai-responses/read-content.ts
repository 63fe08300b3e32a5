import { optionalObjects, optionalString, requiredString } from '../hub/body-fields.js';
import { unsupportedValue } from '../hub/input-error.js';
import type { JsonObject } from '../hub/json-object.js';
import { readMediaUrl } from '../hub/media-url.js';
import type { FilePart, ImagePart, RefusalPart, TextPart } from '../hub/model-part.js';
import { nameOf, readCache, readFileData } from '../openai-chat/read-content.js';

/** What a message or the result of a tool is made of. */
export type ContentPart = TextPart | ImagePart | FilePart | RefusalPart;

/** Reads `content` or `output`: a text, or parts. An empty text is no part. Throws AppError (400) with its `param`. */
export function readContent(item: JsonObject, name: 'content' | 'output', at: string): ContentPart[] {
  if (!Array.isArray(item[name])) return textPart(requiredString(item, name, at), {});
  return optionalObjects(item, name, at).flatMap(({ item: part, at: place }) => readPart(part, place));
}

function readPart(part: JsonObject, at: string): ContentPart[] {
  const type = requiredString(part, 'type', at);
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return textPart(requiredString(part, 'text', at), readCache(part));
    case 'refusal':
      return [{ kind: 'refusal', text: requiredString(part, 'refusal', at) }];
    case 'input_image':
      return [readImage(part, at)];
    case 'input_file':
      return [readFile(part, at)];
    default:
      throw unsupportedValue(`${at}.type`, `Content of the type '${type}' cannot be passed on to the model that answers: use input_text, input_image or input_file.`);
  }
}

function textPart(text: string, rest: Partial<TextPart>): TextPart[] {
  return text === '' ? [] : [{ kind: 'text', text, ...rest }];
}

function readImage(part: JsonObject, at: string): ImagePart {
  const url = optionalString(part, 'image_url', at);
  if (url === undefined) throw uploaded(`${at}.file_id`, 'image_url');
  const detail = optionalString(part, 'detail', at);
  return { kind: 'image', source: readMediaUrl(url, `${at}.image_url`), ...(detail !== undefined && { detail }), ...readCache(part) };
}

function readFile(part: JsonObject, at: string): FilePart {
  const url = optionalString(part, 'file_url', at);
  const content = optionalString(part, 'file_data', at);
  const name = nameOf(optionalString(part, 'filename', at));
  if (url !== undefined) return { kind: 'file', source: readMediaUrl(url, `${at}.file_url`), ...name, ...readCache(part) };
  if (content === undefined) throw uploaded(`${at}.file_id`, 'file_data or file_url');
  return { kind: 'file', source: readFileData(content, `${at}.file_data`), ...name, ...readCache(part) };
}

function uploaded(param: string, instead: string): Error {
  return unsupportedValue(param, `What was uploaded to a provider is known only to that provider: send it as ${instead}.`);
}
