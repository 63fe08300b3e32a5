import { unsupportedValue } from '../hub/input-error.js';
import { said } from '../hub/json-object.js';
import { writeMediaUrl } from '../hub/media-url.js';
import type { ModelPart } from '../hub/model-part.js';

/** `content`: one text as a string, the form that every server takes, else parts. */
export function writeContent(parts: readonly ModelPart[]): string | Record<string, unknown>[] {
  const content = parts.filter(isContent);
  const [first] = content;
  if (!first) return '';
  return content.length === 1 && first.kind === 'text' ? first.text : content.map(writePart);
}

type ContentPart = Extract<ModelPart, { kind: 'text' | 'image' | 'file' | 'audio' }>;

/** What a user or a system can say. */
function isContent(part: ModelPart): part is ContentPart {
  return part.kind === 'text' || part.kind === 'image' || part.kind === 'file' || part.kind === 'audio';
}

function writePart(part: ContentPart): Record<string, unknown> {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image':
      return { type: 'image_url', image_url: said({ url: writeMediaUrl(part.source), detail: part.detail }) };
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.base64, format: part.format } };
    case 'file':
      if ('url' in part.source) throw unsupportedValue('messages', 'The model that answers takes no files by their URL: send the file itself, or ask another model.');
      return { type: 'file', file: said({ filename: part.name, file_data: writeMediaUrl(part.source) }) };
  }
}
