import { unsupportedValue } from '../hub/input-error.js';
import type { ModelRequest } from '../hub/model-request.js';
import { claudeModel } from './claude-model.js';
import { enforceable } from './enforceable-schema.js';

/** How the answer's form is asked for: enforced by Anthropic, or in words of the system. Both undefined for plain text. */
export interface WrittenFormat {
  readonly format?: Record<string, unknown> | undefined;
  readonly words?: string | undefined;
}

/**
 * A schema that Anthropic can enforce is enforced. It knows no plain JSON and no open objects, and its older models no schemas: for those
 * the model is told. Throws AppError
 * `unsupported_value` (400) when a strict schema cannot be enforced.
 */
export function writeFormat({ responseFormat: wanted, model }: ModelRequest): WrittenFormat {
  switch (wanted?.kind) {
    case undefined:
    case 'text':
      return {};
    case 'json':
      return { words: 'Answer with one JSON object and nothing else.' };
    case 'schema': {
      const schema = claudeModel(model).hasSchemas ? enforceable(wanted.schema) : undefined;
      if (schema) return { format: { type: 'json_schema', schema } };
      if (wanted.isStrict) {
        throw unsupportedValue('response_format', 'This model cannot keep to this schema: it would have to be a newer one, and all objects would have to name their properties. Set additionalProperties to false, or strict to false.');
      }
      return { words: `Answer with JSON that fits this JSON Schema and nothing else:\n${JSON.stringify(wanted.schema)}` };
    }
  }
}
