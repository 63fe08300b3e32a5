import { Wire } from '@nexus/contracts';
import { openAiResponses } from '@nexus/wires';
import { checkBoolean, checkModel, userName } from '../body-fields.js';
import { invalidInput, isRecord, wrongType } from '../invalid-input.js';
import { hubAgents } from './hub-agents.js';
import type { AnswerMemory, ModelEndpoint } from './model-endpoint.js';
import { responseMemory, type ReferringBody } from './response-memory.js';
import { ResponsesTail } from './responses-tail.js';
import { wholeAsEvents } from './whole-as-events.js';

/** A checked body of POST /v1/responses. */
export interface ResponsesBody extends ReferringBody {
  readonly model: string;
  readonly stream?: boolean | null | undefined;
  readonly user?: unknown;
  readonly safety_identifier?: unknown;
}

/** What would be kept at the provider, under a key that all tenants share. */
const KEPT_ELSEWHERE = ['previous_response_id', 'conversation', 'background'] as const;

const tail = (): ResponsesTail => new ResponsesTail();

/** POST /v1/responses: OpenAI's, without what a provider would have to keep. */
export const responses: ModelEndpoint<ResponsesBody> = {
  path: '/v1/responses',
  wire: Wire.OPENAI_RESPONSES,
  operation: 'chat',
  keyScope: 'response',
  check(body) {
    if (!isRecord(body)) throw invalidInput('invalid_type', 'body', 'The body must be a JSON object.');
    const { model, stream, input } = body;
    checkModel(model);
    checkBoolean('stream', stream);
    if (typeof input !== 'string' && !Array.isArray(input)) throw wrongType('input', 'a string or an array of items', input);
    for (const param of KEPT_ELSEWHERE) {
      const value = body[param];
      if (value === undefined || value === null || value === false) continue;
      throw invalidInput('unsupported_parameter', param, `Unsupported parameter: '${param}'. NEXUS keeps no responses: send the whole input each time, and wait for the answer.`);
    }
    return { ...body, model, stream };
  },
  ask: ({ model, stream, safety_identifier, user }) => ({ model, isStream: stream === true, user: userName(user) ?? userName(safety_identifier) }),
  passedHeaders: [],
  endOfStream: '',
  wholeAsEvents: (json, body) => wholeAsEvents(openAiResponses, json, body, body.model),
  tail,
  memory: responseMemory as AnswerMemory<ResponsesBody>,
  agents: hubAgents(openAiResponses, 'resp_', tail),
};
