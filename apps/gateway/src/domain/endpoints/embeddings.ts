import { Wire } from '@nexus/contracts';
import { checkModel, userName } from '../body-fields.js';
import { invalidInput, isRecord, wrongType } from '../invalid-input.js';
import { openAiErrorBody } from '../openai-error.js';
import { formatEvent } from '../server-sent-event.js';
import type { ModelEndpoint } from './model-endpoint.js';

/** A checked body of POST /v1/embeddings. */
export interface EmbeddingsBody {
  readonly model: string;
  readonly user?: unknown;
}

/** POST /v1/embeddings: OpenAI's, whole answers only. */
export const embeddings: ModelEndpoint<EmbeddingsBody> = {
  path: '/v1/embeddings',
  wire: Wire.OPENAI_EMBEDDINGS,
  operation: 'embeddings',
  keyScope: 'embedding',
  check(body) {
    if (!isRecord(body)) throw invalidInput('invalid_type', 'body', 'The body must be a JSON object.');
    const { model, input } = body;
    checkModel(model);
    if (typeof input !== 'string' && !Array.isArray(input)) throw wrongType('input', 'a string, or an array of strings or tokens', input);
    if (input.length === 0) throw invalidInput('invalid_value', 'input', "Invalid 'input': there is nothing to embed.");
    return { ...body, model };
  },
  ask: ({ model, user }) => ({ model, isStream: false, user: userName(user) }),
  passedHeaders: [],
  endOfStream: '',
  wholeAsEvents: () => '',
  tail: () => ({ fail: (error) => formatEvent({ data: JSON.stringify(openAiErrorBody(error)) }) }),
  agents: undefined,
};
