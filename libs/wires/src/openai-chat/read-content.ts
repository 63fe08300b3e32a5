import { optionalObjects, optionalString, requiredObject, requiredString } from '../hub/body-fields.js';
import { unsupportedValue } from '../hub/input-error.js';
import { isObject, type JsonObject } from '../hub/json-object.js';
import { readMediaUrl } from '../hub/media-url.js';
import type { CacheLife, FilePart, ImagePart, ModelPart } from '../hub/model-part.js';

/** Reads `content`: a text, or parts. An empty text is no part. Throws AppError (400) with its `param`. */
export function readContent(message: JsonObject, at: string): ModelPart[] {
  if (!Array.isArray(message.content)) return textPart(requiredString(message, 'content', at), {});
  return optionalObjects(message, 'content', at).flatMap(({ item, at: place }) => readPart(item, place));
}

function readPart(part: JsonObject, at: string): ModelPart[] {
  const type = requiredString(part, 'type', at);
  const cache = readCache(part);
  switch (type) {
    case 'text':
      return textPart(requiredString(part, 'text', at), cache);
    case 'refusal':
      return [{ kind: 'refusal', text: requiredString(part, 'refusal', at) }];
    case 'image_url':
      return [{ ...readImage(requiredObject(part, 'image_url', at), `${at}.image_url`), ...cache }];
    case 'input_audio': {
      const audio = requiredObject(part, 'input_audio', at);
      return [{ kind: 'audio', base64: requiredString(audio, 'data', `${at}.input_audio`), format: requiredString(audio, 'format', `${at}.input_audio`) }];
    }
    case 'file':
      return [{ ...readFile(requiredObject(part, 'file', at), `${at}.file`), ...cache }];
    default:
      throw unsupportedValue(`${at}.type`, `Content of the type '${type}' cannot be passed on to the model that answers: use text, image_url, input_audio or file.`);
  }
}

function textPart(text: string, cache: { readonly cache?: CacheLife }): ModelPart[] {
  return text === '' ? [] : [{ kind: 'text', text, ...cache }];
}

/** OpenAI keeps what comes up to a mark for as long as it likes; the shorter of the lives is nearest to that. */
export function readCache(part: JsonObject): { readonly cache?: CacheLife } {
  return isObject(part.prompt_cache_breakpoint) ? { cache: '5m' } : {};
}

function readImage(image: JsonObject, at: string): ImagePart {
  const detail = optionalString(image, 'detail', at);
  return { kind: 'image', source: readMediaUrl(requiredString(image, 'url', at), `${at}.url`), ...(detail !== undefined && { detail }) };
}

function readFile(file: JsonObject, at: string): FilePart {
  const content = optionalString(file, 'file_data', at);
  if (content === undefined) throw unsupportedValue(`${at}.file_id`, 'What was uploaded to a provider is known only to that provider: send the file itself as file_data.');
  return { kind: 'file', source: readFileData(content, `${at}.file_data`), ...nameOf(optionalString(file, 'filename', at)) };
}

/** A data: URL; bare base64, which OpenAI also takes, is the PDF that it takes it for. */
export function readFileData(content: string, param: string): FilePart['source'] {
  return content.startsWith('data:') ? readMediaUrl(content, param) : { base64: content, mediaType: 'application/pdf' };
}

/** The name of a file, where it has one. */
export function nameOf(name: string | undefined): { readonly name?: string } {
  return name === undefined ? {} : { name };
}
