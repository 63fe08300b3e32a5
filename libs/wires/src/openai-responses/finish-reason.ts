import { objectOf, type JsonObject } from '../hub/json-object.js';
import type { FinishReason } from '../hub/model-answer.js';

/** Why a response ended. One that is not at its end has no reason yet: `other`. */
export function readFinishReason({ status, incomplete_details: details }: JsonObject, hasToolCalls: boolean): FinishReason {
  switch (status) {
    case 'completed':
      return hasToolCalls ? 'tool_calls' : 'stop';
    case 'incomplete':
      return objectOf(details).reason === 'content_filter' ? 'content_filter' : 'length';
    case 'failed':
      return 'error';
    default:
      return 'other';
  }
}

/** How a response ended, in the fields that say so. */
export interface ResponseEnd {
  readonly status: 'completed' | 'incomplete' | 'failed';
  readonly incomplete_details: { readonly reason: 'max_output_tokens' | 'content_filter' } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The fields of a finish reason. */
export function writeFinishReason(reason: FinishReason): ResponseEnd {
  switch (reason) {
    case 'stop':
    case 'tool_calls':
    case 'other':
      return { status: 'completed', incomplete_details: null, error: null };
    case 'length':
      return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, error: null };
    case 'content_filter':
      return { status: 'incomplete', incomplete_details: { reason: 'content_filter' }, error: null };
    case 'error':
      return { status: 'failed', incomplete_details: null, error: { code: 'server_error', message: 'The model broke off its answer. Ask again.' } };
  }
}
