import { Wire, type Conversation, type InferenceRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';

/** The body of a request, parsed. */
export type Body = Readonly<Record<string, unknown>>;

/** What a client wrote, in its own wire. */
export interface BodyInput {
  readonly kind: 'body';
  readonly wire: Exclude<Wire, Wire.UNSPECIFIED>;
  /** As it came. */
  readonly bytes: Buffer;
  readonly body: Body;
}

/** What a run has to say. */
export interface ConversationInput {
  readonly kind: 'conversation';
  readonly conversation: Conversation;
  /** Live parts are wanted. */
  readonly wantsParts: boolean;
}

/** What is asked of a model: read once, and planned for each model that may answer it. */
export type CallInput = BodyInput | ConversationInput;

/** Reads the input of a request; each wire's own reader looks into the body. Throws AppError `invalid_request`. */
export function readCallInput({ input, wire, wantParts }: Pick<InferenceRequest, 'input' | 'wire' | 'wantParts'>): CallInput {
  if (input.case === 'conversation') return { kind: 'conversation', conversation: input.value, wantsParts: wantParts };
  if (input.case !== 'body') throw new AppError('invalid_request', 'The request has neither a body nor a conversation.', { status: 400 });
  const { buffer, byteOffset, byteLength } = input.value;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return { kind: 'body', wire: wire === Wire.UNSPECIFIED ? Wire.OPENAI_CHAT : wire, bytes, body: parseBody(bytes) };
}

/** The same request with another body. */
export function withBody(input: BodyInput, body: Body): BodyInput {
  return { ...input, body, bytes: Buffer.from(JSON.stringify(body)) };
}

function parseBody(bytes: Buffer): Body {
  try {
    const body: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  } catch {
    // said below
  }
  throw new AppError('invalid_request', 'The body must be a JSON object.', { status: 400 });
}
