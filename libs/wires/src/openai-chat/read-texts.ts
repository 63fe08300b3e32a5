import { objectsOf, stringOf, type JsonObject } from '../hub/json-object.js';

/** A piece of what a message or a delta says. */
export interface TextPiece {
  readonly kind: 'text' | 'reasoning' | 'refusal';
  readonly text: string;
}

/** The texts of a message or of a streamed delta, none of them empty: content as text or as parts, reasoning under each provider's name for it. */
export function readTexts(message: JsonObject): TextPiece[] {
  return [
    { kind: 'reasoning' as const, text: stringOf(message.reasoning_content) || stringOf(message.reasoning) },
    ...contentPieces(message.content),
    { kind: 'refusal' as const, text: stringOf(message.refusal) },
  ].filter(({ text }) => text !== '');
}

function contentPieces(content: unknown): TextPiece[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  return objectsOf(content).flatMap((part): TextPiece[] => [
    { kind: 'reasoning', text: Array.isArray(part.thinking) ? objectsOf(part.thinking).map(({ text }) => stringOf(text)).join('') : stringOf(part.thinking) },
    { kind: 'text', text: stringOf(part.text) },
    { kind: 'refusal', text: stringOf(part.refusal) },
  ]);
}

/** Arguments as text; Ollama's older versions and some gateways send the object itself. */
export function readArguments(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
