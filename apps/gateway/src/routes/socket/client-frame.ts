import { AppError } from '@nexus/core';
import { z } from 'zod';

const id = z.string('must be a string').min(1, 'must not be empty').max(512, 'must have at most 512 characters').refine((text) => !text.includes('\u0000'), 'must not hold a NUL character');
/** What a run, or a task, is known by. */
const what = { run_id: id.optional(), message_id: id.optional(), task_id: id.optional() };
const NAMES_ONE = 'must name one of run_id, message_id and task_id';
const namesOne = (frame: { run_id?: string | undefined; message_id?: string | undefined; task_id?: string | undefined }): boolean =>
  [frame.run_id, frame.message_id, frame.task_id].filter((name) => name !== undefined).length === 1;

/** What a client says, by `type`. */
export const clientFrames = {
  login: z.strictObject({ type: z.literal('login'), ticket: z.string('must be a string').max(2_048) }),
  send_message: z.strictObject({
    type: z.literal('send_message'),
    id,
    request: z.record(z.string(), z.unknown(), 'must be an object'),
    traceparent: z.string('must be a string').max(200).optional(),
  }),
  subscribe: z.strictObject({ type: z.literal('subscribe'), ...what, after: z.string('must be a string').max(64).optional() }).refine(namesOne, NAMES_ONE),
  unsubscribe: z.strictObject({ type: z.literal('unsubscribe'), ...what }).refine(namesOne, NAMES_ONE),
  cancel: z.strictObject({ type: z.literal('cancel'), message_id: id }),
  ping: z.strictObject({ type: z.literal('ping'), id: z.string('must be a string').max(512).optional() }),
  pong: z.strictObject({ type: z.literal('pong'), id: z.string('must be a string').max(512).optional() }),
} as const;

export type ClientFrame = { [T in keyof typeof clientFrames]: z.output<(typeof clientFrames)[T]> }[keyof typeof clientFrames];

/** The message that a frame is about, as far as that can be told of one that is not valid. */
export interface FaultyFrame {
  readonly error: AppError;
  readonly messageId: string | undefined;
}

/** Reads a frame. What is none comes back with the reason: AppError `invalid_frame` (400), its `param` the field that is wrong. */
export function readClientFrame(text: string): ClientFrame | FaultyFrame {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { error: invalidFrame('A frame must be a JSON object.'), messageId: undefined };
  const { type } = value as { type?: unknown };
  if (typeof type !== 'string' || !isKnown(type)) {
    return { error: invalidFrame(`'type' must be one of ${Object.keys(clientFrames).join(', ')}.`, 'type'), messageId: undefined };
  }
  const parsed = clientFrames[type].safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : (issue?.path ?? []);
  const param = path.map(String).join('.');
  return { error: invalidFrame(`${type}: ${param === '' ? '' : `'${param}' `}${issue?.message ?? 'is not valid'}.`, param), messageId: messageIdOf(value) };
}

function isKnown(type: string): type is keyof typeof clientFrames {
  return Object.hasOwn(clientFrames, type);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** So that a client can tell which of its messages was meant. */
function messageIdOf(frame: object): string | undefined {
  const { type, id: ownId, message_id: messageId } = frame as Readonly<Record<string, unknown>>;
  const named = type === 'send_message' ? ownId : messageId;
  return typeof named === 'string' && named.length <= 512 ? named : undefined;
}

function invalidFrame(message: string, param?: string): AppError {
  return new AppError('invalid_frame', message, { status: 400, ...(param && { param }) });
}
