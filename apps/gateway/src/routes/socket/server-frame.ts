import { toJson } from '@bufbuild/protobuf';
import { ProcessedRequestSchema, type ProcessedRequest } from '@nexus/contracts';
import type { AppError } from '@nexus/core';
import { z } from 'zod';

const ofRun = { message_id: z.string(), run_id: z.string() };
const error = z.strictObject({
  code: z.string(), message: z.string(), status: z.int(), is_retryable: z.boolean(), param: z.string().nullable(), retry_after_ms: z.number().nullable(), request_id: z.string(),
});

/** What the gateway says, by `type`. */
export const serverFrames = {
  welcome: z.strictObject({ type: z.literal('welcome'), protocol: z.literal(1), heartbeat_ms: z.int(), surfaces: z.array(z.string()) }),
  agent_status: z.strictObject({
    type: z.literal('agent_status'), ...ofRun, thread_id: z.string(), state: z.enum(['accepted', 'step', 'tool_started', 'tool_finished']), id: z.string(),
    queued_behind: z.int().optional(), step: z.int().optional(), tool: z.string().optional(),
  }),
  message_chunk: z.strictObject({ type: z.literal('message_chunk'), ...ofRun, id: z.string(), epoch: z.int(), step: z.int(), text: z.string() }),
  message_reset: z.strictObject({ type: z.literal('message_reset'), ...ofRun, epoch: z.int() }),
  message_complete: z.strictObject({ type: z.literal('message_complete'), ...ofRun, answer: z.record(z.string(), z.unknown()) }),
  task_update: z.strictObject({ type: z.literal('task_update'), task: z.record(z.string(), z.unknown()) }),
  error: z.strictObject({ type: z.literal('error'), message_id: z.string().optional(), run_id: z.string().optional(), task_id: z.string().optional(), error }),
  ping: z.strictObject({ type: z.literal('ping') }),
  pong: z.strictObject({ type: z.literal('pong'), id: z.string().optional() }),
} as const;

export type ServerFrame = { [T in keyof typeof serverFrames]: z.input<(typeof serverFrames)[T]> }[keyof typeof serverFrames];

/** What an error is about. */
export interface ErrorSubject {
  readonly message_id?: string | undefined;
  readonly run_id?: string | undefined;
  readonly task_id?: string | undefined;
}

/** The end of a run, with its answer in proto3's JSON. */
export function completeFrame(answer: ProcessedRequest, messageId: string): ServerFrame {
  return { type: 'message_complete', message_id: messageId, run_id: answer.runId, answer: toJson(ProcessedRequestSchema, answer) as Record<string, unknown> };
}

/** What goes wrong, and with what; `requestId` is that of the connection. */
export function errorFrame({ code, message, status, isRetryable, param, retryAfterMs }: AppError, { message_id, run_id, task_id }: ErrorSubject, requestId: string): ServerFrame {
  return {
    type: 'error',
    ...(message_id !== undefined && { message_id }),
    ...(run_id !== undefined && { run_id }),
    ...(task_id !== undefined && { task_id }),
    error: { code, message, status, is_retryable: isRetryable, param: param ?? null, retry_after_ms: retryAfterMs ?? null, request_id: requestId },
  };
}
