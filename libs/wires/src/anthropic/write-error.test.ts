import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { anthropic } from './anthropic.js';

it.each([
  [400, 'invalid_value', 'invalid_request_error'],
  [401, 'invalid_api_key', 'authentication_error'],
  [402, 'quota_exhausted', 'billing_error'],
  [403, 'admin_required', 'permission_error'],
  [404, 'model_not_found', 'not_found_error'],
  [409, 'in_progress', 'conflict_error'],
  [413, 'body_too_large', 'request_too_large'],
  [422, 'idempotency_key_reused', 'invalid_request_error'],
  [429, 'rate_limit_exceeded', 'rate_limit_error'],
  [429, 'budget_exceeded', 'billing_error'],
  [429, 'overloaded', 'overloaded_error'],
  [500, 'internal', 'api_error'],
  [502, 'attempt_unknown', 'api_error'],
  [503, 'bus_unavailable', 'overloaded_error'],
  [504, 'deadline_exceeded', 'timeout_error'],
  [529, 'overloaded', 'overloaded_error'],
])('calls status %i with code %s %s', (status, code, type) => {
  const body = anthropic.writeError(new AppError(code, 'Why.', { status, param: 'messages[0]' }), 'req_1');
  expect(body).toEqual({ type: 'error', error: { type, message: 'Why.', details: { error_code: code, param: 'messages[0]' } }, request_id: 'req_1' });
});

it('says that there is no id of the request', () => {
  expect(anthropic.writeError(new AppError('internal', 'Why.'), undefined)).toEqual({ type: 'error', error: { type: 'api_error', message: 'Why.', details: { error_code: 'internal' } }, request_id: null });
});
