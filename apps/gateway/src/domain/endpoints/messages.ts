import { Wire } from '@nexus/contracts';
import { anthropic } from '@nexus/wires';
import { checkBoolean, checkModel, userName } from '../body-fields.js';
import { invalidInput, isRecord, wrongType } from '../invalid-input.js';
import { formatEvent } from '../server-sent-event.js';
import { hubAgents } from './hub-agents.js';
import type { ModelEndpoint, StreamTail } from './model-endpoint.js';
import { wholeAsEvents } from './whole-as-events.js';

/** A checked body of POST /v1/messages. */
export interface MessagesBody {
  readonly model: string;
  readonly stream?: boolean | null | undefined;
  readonly metadata?: unknown;
}

const tail = (): StreamTail => ({ fail: (error) => formatEvent({ event: 'error', data: JSON.stringify(anthropic.writeError(error, undefined)) }) });

/** POST /v1/messages: Anthropic's. */
export const messages: ModelEndpoint<MessagesBody> = {
  path: '/v1/messages',
  wire: Wire.ANTHROPIC_MESSAGES,
  operation: 'chat',
  keyScope: 'message',
  check(body) {
    const checked = checkMessagesBody(body);
    if (checked.max_tokens === undefined) throw wrongType('max_tokens', 'a positive integer', undefined);
    if (!Number.isSafeInteger(checked.max_tokens) || Number(checked.max_tokens) < 1) throw wrongType('max_tokens', 'a positive integer', checked.max_tokens);
    return checked;
  },
  ask: ({ model, stream, metadata }) => ({ model, isStream: stream === true, user: isRecord(metadata) ? userName(metadata.user_id) : undefined }),
  passedHeaders: ['anthropic-beta', 'anthropic-version'],
  endOfStream: '',
  wholeAsEvents: (json, body) => wholeAsEvents(anthropic, json, body, body.model),
  tail,
  agents: hubAgents(anthropic, 'msg_', tail),
};

/** What messages and the counting of their tokens have in common. Throws an AppError (400). */
export function checkMessagesBody(body: unknown): MessagesBody & Readonly<Record<string, unknown>> {
  if (!isRecord(body)) throw invalidInput('invalid_type', 'body', 'The body must be a JSON object.');
  const { model, stream } = body;
  checkModel(model);
  checkBoolean('stream', stream);
  if (!Array.isArray(body.messages)) throw wrongType('messages', 'an array of messages', body.messages);
  if (body.messages.length === 0) throw invalidInput('invalid_value', 'messages', "Invalid 'messages': expected at least one message, but got an empty array.");
  return { ...body, model, stream };
}
