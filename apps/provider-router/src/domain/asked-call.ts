import { Wire, type Conversation, type InferenceRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { ModelRequest } from '@nexus/wires';
import { clientWireOf } from './endpoint.js';
import { modelRequestOf } from './chat-request.js';

/** JSON as it was parsed. */
export type Body = Readonly<Record<string, unknown>>;

/** A request as its client wrote it. */
export interface ClientRequest {
  readonly wire: Wire;
  readonly bytes: Buffer;
  readonly body: Body;
  /** Those that a provider of the same wire gets too, their names in lower case; undefined where there are none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

interface Asked {
  /** The model's name as the client wrote it. */
  readonly model: string;
  readonly isStream: boolean;
  /** What is asked for in no wire's own form; made when it is first wanted. Throws AppError (400) for what nobody can read, and for embeddings. */
  readonly request: () => ModelRequest;
}

/** Its answer is bytes in the wire of the client. */
export interface AskedByClient extends Asked {
  readonly client: ClientRequest;
  readonly conversation?: undefined;
}

/** Its answer is a message. */
export interface AskedByRun extends Asked {
  readonly client?: undefined;
  readonly conversation: Conversation;
}

/** A call as it was asked for, read once for all the models that may be tried for it. */
export type AskedCall = AskedByClient | AskedByRun;

/** Reads what was asked for. Throws AppError `invalid_request` (400) for what is none. */
export function readAskedCall({ input, wire, wantParts, model, headers }: Pick<InferenceRequest, 'input' | 'wire' | 'wantParts' | 'model' | 'headers'>): AskedCall {
  if (input.case === 'conversation') return askedByRun(input.value, model, wantParts);
  if (input.case !== 'body') throw new AppError('invalid_request', 'The request has neither a body nor a conversation.', { status: 400 });
  const bytes = Buffer.from(input.value.buffer, input.value.byteOffset, input.value.byteLength);
  return askedByClient({ wire: wire === Wire.UNSPECIFIED ? Wire.OPENAI_CHAT : wire, bytes, body: parseBody(bytes, wire), headers: passedOn(wire, headers) }, model);
}

/** A call of a run. */
export function askedByRun(conversation: Conversation, model: string, isStream: boolean): AskedByRun {
  return { conversation, model, isStream, request: once(() => modelRequestOf(conversation, model, isStream)) };
}

/** The same call with another body. */
export function withBody({ client, model }: AskedByClient, body: Body): AskedByClient {
  return askedByClient({ ...client, body, bytes: Buffer.from(JSON.stringify(body)) }, model);
}

function askedByClient(client: ClientRequest, model: string): AskedByClient {
  return { client, model, isStream: client.body['stream'] === true && client.wire !== Wire.OPENAI_EMBEDDINGS, request: once(() => requestOf(client)) };
}

function requestOf({ wire, body }: ClientRequest): ModelRequest {
  const read = clientWireOf(wire);
  if (!read) throw new AppError('invalid_request', 'A request for embeddings holds no messages.', { status: 400 });
  return read.readRequest(body);
}

/** By wire, the headers of a client that change what its provider does. */
const PASSED_ON: Readonly<Partial<Record<Wire, readonly string[]>>> = { [Wire.ANTHROPIC_MESSAGES]: ['anthropic-beta', 'anthropic-version'] };

function passedOn(wire: Wire, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  const passed = (PASSED_ON[wire] ?? []).flatMap((name) => (headers[name] !== undefined && /^[\t\x20-\x7e]{1,2000}$/.test(headers[name]) ? [[name, headers[name]] as const] : []));
  return passed.length > 0 ? Object.fromEntries(passed) : undefined;
}

function parseBody(bytes: Buffer, wire: Wire): Body {
  const needed = wire === Wire.OPENAI_RESPONSES || wire === Wire.OPENAI_EMBEDDINGS ? 'input' : 'messages';
  try {
    const body: unknown = JSON.parse(bytes.toString('utf8'));
    // a stored prompt or conversation may stand for the input of a response
    if (isObject(body) && (needed in body || wire === Wire.OPENAI_RESPONSES)) return body;
  } catch {
    // said below
  }
  throw new AppError('invalid_request', `The body must be a JSON object with ${needed}.`, { status: 400 });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** True for a JSON object, not for an array. */
export function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
