import { Wire, type Conversation, type InferenceRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';

/** JSON as it was parsed. */
export type Body = Record<string, unknown>;

/** A call as it was asked for, read once for all the models that may be tried for it. */
export type AskedCall = AskedByClient | AskedByRun;

interface AskedByClient {
  readonly client: { readonly wire: Wire; readonly bytes: Buffer; readonly body: Body };
  readonly conversation?: undefined;
  readonly isStream: boolean;
}

/** Its answer is a message and no bytes. */
interface AskedByRun {
  readonly client?: undefined;
  readonly conversation: Conversation;
  readonly isStream: boolean;
}

/** Reads what was asked for. Throws AppError `invalid_request` (400) for what is none. */
export function readAskedCall({ input, wire, wantParts }: Pick<InferenceRequest, 'input' | 'wire' | 'wantParts'>): AskedCall {
  if (input.case === 'conversation') return { conversation: input.value, isStream: wantParts };
  if (input.case !== 'body') throw new AppError('invalid_request', 'The request has neither a body nor a conversation.', { status: 400 });
  const bytes = Buffer.from(input.value.buffer, input.value.byteOffset, input.value.byteLength);
  const body = parseBody(bytes);
  return { client: { wire: wire === Wire.UNSPECIFIED ? Wire.OPENAI_CHAT : wire, bytes, body }, isStream: body['stream'] === true };
}

function parseBody(bytes: Buffer): Body {
  try {
    const body: unknown = JSON.parse(bytes.toString('utf8'));
    if (isObject(body) && 'messages' in body) return body;
  } catch {
    // said below
  }
  throw new AppError('invalid_request', 'The body must be a JSON object with messages.', { status: 400 });
}

/** True for a JSON object, not for an array. */
export function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
