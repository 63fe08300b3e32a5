import { requiredObject, requiredString } from '../hub/body-fields.js';
import { unsupportedValue } from '../hub/input-error.js';
import type { JsonObject } from '../hub/json-object.js';
import type { MediaSource } from '../hub/model-part.js';

/** Where a picture or a document is. Throws AppError (400): files of Anthropic's Files API are known to Anthropic alone. */
export function readSource(block: JsonObject, at: string): MediaSource {
  const source = requiredObject(block, 'source', at);
  const place = `${at}.source`;
  const type = requiredString(source, 'type', place);
  switch (type) {
    case 'base64':
      return { base64: requiredString(source, 'data', place), mediaType: requiredString(source, 'media_type', place) };
    case 'url':
      return { url: requiredString(source, 'url', place) };
    case 'text':
      return { base64: Buffer.from(requiredString(source, 'data', place)).toString('base64'), mediaType: 'text/plain' };
    default:
      throw unsupportedValue(`${place}.type`, `A source of the type "${type}" is not understood by this model's provider. Send the bytes as base64, or a URL.`);
  }
}
