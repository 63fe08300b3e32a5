import type { ModelAnswer, ReadAnswer } from '../hub/model-answer.js';
import type { ModelPart } from '../hub/model-part.js';
import { argumentsOf } from './call-input.js';
import { finishReasonOf } from './finish-reason.js';
import { objectOf, isObject, objectsOf, stringOf, type JsonObject } from '../hub/json-object.js';
import { readUsage } from './read-usage.js';
import { keptSignature } from './signature.js';

/** What a body with status 200 says. What the provider's own tools did in it (searches, code) says nothing to the hub; citations neither. */
export function readAnswer(json: unknown): ReadAnswer {
  if (!isObject(json)) return { kind: 'garbage' };
  if (json['type'] === 'error' || isObject(json['error'])) return { kind: 'error', body: json };
  if (!Array.isArray(json['content'])) return { kind: 'garbage' };
  return { kind: 'answer', answer: answerOf(json) };
}

function answerOf(message: JsonObject): ModelAnswer {
  const { id, model, content, usage, stop_reason: stopReason, stop_sequence: stopSequence, stop_details: stopDetails } = message;
  return {
    id: typeof id === 'string' ? id : undefined,
    model: typeof model === 'string' ? model : undefined,
    parts: [...objectsOf(content).flatMap(partsOf), ...refusalIn(stopDetails)],
    finishReason: finishReasonOf(stopReason),
    ...(typeof stopSequence === 'string' && { stopSequence }),
    usage: readUsage(objectOf(usage)),
  };
}

function partsOf(block: JsonObject): ModelPart[] {
  switch (block['type']) {
    case 'text': {
      const text = stringOf(block['text']);
      return text === '' ? [] : [{ kind: 'text', text }];
    }
    case 'thinking': {
      const text = stringOf(block['thinking']);
      const signature = keptSignature(block['signature']);
      return text === '' && signature === undefined ? [] : [{ kind: 'reasoning', text, ...(signature !== undefined && { signature }) }];
    }
    case 'redacted_thinking': {
      const signature = keptSignature(block['data']);
      return signature === undefined ? [] : [{ kind: 'reasoning', text: '', signature, isRedacted: true }];
    }
    case 'tool_use':
      return [{ kind: 'tool_call', id: stringOf(block['id']), name: stringOf(block['name']), arguments: argumentsOf(block['input']) }];
    default:
      return [];
  }
}

/** Why the provider refused, where it says so: words for the reader, not of the model. */
export function refusalIn(stopDetails: unknown): { readonly kind: 'refusal'; readonly text: string }[] {
  const { type, explanation } = objectOf(stopDetails);
  return type === 'refusal' && typeof explanation === 'string' && explanation !== '' ? [{ kind: 'refusal', text: explanation }] : [];
}
