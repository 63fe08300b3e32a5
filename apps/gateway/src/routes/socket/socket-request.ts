import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { IncomingRequestSchema, Progress, type IncomingRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { API_SURFACE } from '../../domain/agent-request.js';

/**
 * The request of a message. Without a wish for live parts it gets all of them. Throws AppError `invalid_request` (400) for what is no
 * IncomingRequest, or would be a cancel.
 */
export function socketRequest(json: Readonly<Record<string, unknown>>): IncomingRequest {
  const request = read(json);
  if (request.cancelsMessageId !== '') throw invalid('A message is stopped with the frame `cancel`.', 'request.cancelsMessageId');
  if (request.progress === Progress.UNSPECIFIED) request.progress = Progress.PARTS;
  if (request.surface === '') request.surface = API_SURFACE;
  return request;
}

function read(json: Readonly<Record<string, unknown>>): IncomingRequest {
  try {
    return fromJson(IncomingRequestSchema, json as JsonValue);
  } catch (cause) {
    throw invalid(`The request is no nexus.run.v1.IncomingRequest in JSON: ${cause instanceof Error ? cause.message : 'it cannot be read'}.`, 'request', cause);
  }
}

function invalid(message: string, param: string, cause?: unknown): AppError {
  return new AppError('invalid_request', message, { status: 400, param, cause });
}
