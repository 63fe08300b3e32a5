import { AppError } from '@nexus/core';
import type { ModelPart, ToolCallPart } from '../hub/model-part.js';
import { modelGeneration } from './model-generation.js';
import { NO_SIGNATURE, ownSignature } from './signature.js';

/**
 * What the model said, as it gets it back. Its own thoughts go with their signatures; those of another provider's model, and what no
 * signature proves, stay behind. `hasCalls`: the turn has calls already, in a message before.
 */
export function writeModelParts(parts: readonly ModelPart[], model: string, hasCalls: boolean): Record<string, unknown>[] {
  let needsSignature = !hasCalls && (modelGeneration(model) ?? Number.POSITIVE_INFINITY) >= 3;
  return parts.flatMap((part): Record<string, unknown>[] => {
    switch (part.kind) {
      case 'text':
        return part.text === '' && ownSignature(part.signature) === undefined ? [] : [{ text: part.text, ...signatureOf(part) }];
      case 'refusal':
        return [{ text: part.text }];
      case 'reasoning':
        return ownSignature(part.signature) === undefined ? [] : [{ text: part.text, thought: true, ...signatureOf(part) }];
      case 'tool_call': {
        // Gemini 3 wants one at the first call of a turn, and gives it there.
        const lost = needsSignature && ownSignature(part.signature) === undefined ? { thoughtSignature: NO_SIGNATURE } : {};
        needsSignature = false;
        return [{ functionCall: { id: part.id, name: part.name, args: argumentsOf(part) }, ...lost, ...signatureOf(part) }];
      }
      default:
        throw new AppError('unsupported_value', `This model takes no ${part.kind.replace('_', ' ')} back in a message of its own.`, { status: 400, param: 'messages' });
    }
  });
}

function signatureOf({ signature }: { readonly signature?: string | undefined }): { thoughtSignature?: string } {
  const own = ownSignature(signature);
  return own === undefined ? {} : { thoughtSignature: own };
}

/** Gemini takes an object. A model may have written something else, and may have been told so: it then finds its words in `arguments`. */
function argumentsOf({ arguments: text }: ToolCallPart): Record<string, unknown> {
  if (text.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  } catch {
    // said below
  }
  return { arguments: text };
}
