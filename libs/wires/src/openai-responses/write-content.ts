import { unsupportedValue } from '../hub/input-error.js';
import { said } from '../hub/json-object.js';
import { writeMediaUrl } from '../hub/media-url.js';
import type { FilePart, ModelPart } from '../hub/model-part.js';

/** What a user, a system or a tool says: one text as a string, else parts. Throws AppError `unsupported_value` (400) for sound. */
export function writeContent(parts: readonly ModelPart[]): string | Record<string, unknown>[] {
  const [first] = parts;
  if (!first) return '';
  return parts.length === 1 && first.kind === 'text' ? first.text : parts.flatMap(writePart);
}

function writePart(part: ModelPart): Record<string, unknown>[] {
  switch (part.kind) {
    case 'text':
      return [{ type: 'input_text', text: part.text }];
    case 'image':
      return [{ type: 'input_image', image_url: writeMediaUrl(part.source), detail: part.detail ?? 'auto' }];
    case 'file':
      return [writeFile(part)];
    case 'audio':
      throw unsupportedValue('messages', 'The model that answers does not take sound: send its transcript, or ask another model.');
    default:
      return [];
  }
}

/** Bytes need a name for OpenAI to take them. */
function writeFile({ source, name }: FilePart): Record<string, unknown> {
  if ('url' in source) return said({ type: 'input_file', filename: name, file_url: source.url });
  return { type: 'input_file', filename: name ?? 'file', file_data: writeMediaUrl(source) };
}
