import { unsupportedValue } from '../hub/input-error.js';
import type { ModelPart, ReasoningPart, ToolResultPart } from '../hub/model-part.js';
import { writeCache } from './cache-control.js';
import { callId } from './call-id.js';
import { inputOf } from './call-input.js';
import { ownSignature } from './signature.js';
import { writeMedia } from './write-media.js';

/**
 * The blocks of a message. Empty texts, which Anthropic refuses, and thoughts that are not proven to be its own are left out.
 * Throws AppError `unsupported_value` (400) for sound and for files that it does not read; `at` is where the parts stand.
 */
export function writeParts(parts: readonly ModelPart[], at: string): Record<string, unknown>[] {
  return parts.flatMap((part, i) => writePart(part, `${at}[${i}]`));
}

function writePart(part: ModelPart, at: string): Record<string, unknown>[] {
  switch (part.kind) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text, ...writeCache(part.cache) }];
    case 'refusal':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
    case 'image':
    case 'file':
      return [writeMedia(part, at)];
    case 'audio':
      throw unsupportedValue(at, 'This model takes no sound. Send its text instead, or choose another model.');
    case 'tool_call':
      return [{ type: 'tool_use', id: callId(part.id), name: part.name, input: inputOf(part.arguments), ...writeCache(part.cache) }];
    case 'tool_result':
      return [writeResult(part, at)];
    case 'reasoning':
      return writeThought(part);
  }
}

function writeResult(part: ToolResultPart, at: string): Record<string, unknown> {
  const content = writeParts(part.parts, at);
  return {
    type: 'tool_result',
    tool_use_id: callId(part.callId),
    ...(content.length > 0 && { content }),
    ...(part.isError && { is_error: true }),
    ...writeCache(part.cache),
  };
}

function writeThought({ text, signature, isRedacted }: ReasoningPart): Record<string, unknown>[] {
  const own = ownSignature(signature);
  if (own === undefined) return [];
  return [isRedacted === true ? { type: 'redacted_thinking', data: own } : { type: 'thinking', thinking: text, signature: own }];
}
