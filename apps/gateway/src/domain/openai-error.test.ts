import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { toOpenAiError } from './openai-error.js';

it.each([
  [400, 'invalid_value', 'invalid_request_error'],
  [401, 'invalid_api_key', 'invalid_request_error'],
  [402, 'quota_exhausted', 'insufficient_quota'],
  [429, 'budget_exceeded', 'insufficient_quota'],
  [403, 'admin_required', 'permission_error'],
  [404, 'model_not_found', 'invalid_request_error'],
  [429, 'rate_limit_exceeded', 'rate_limit_error'],
  [429, 'quota_exceeded', 'insufficient_quota'],
  [503, 'bus_unavailable', 'server_error'],
])('calls status %i with code %s %s', (status, code, type) => {
  const error = toOpenAiError(new AppError(code, 'Why.', { status, param: 'model' }));
  expect(error).toMatchObject({ status, body: { error: { message: 'Why.', type, param: 'model', code } } });
});

it('tells clients whether to send the request again, and when', () => {
  expect(toOpenAiError(new AppError('rate_limit_exceeded', 'Slowly.', { status: 429, isRetryable: true, retryAfterMs: 1_200 })).headers)
    .toEqual({ 'x-should-retry': 'true', 'retry-after': '2', 'retry-after-ms': '1200' });
  expect(toOpenAiError(new AppError('budget_exceeded', 'Tomorrow.', { status: 429, isRetryable: true, retryAfterMs: 3_600_000 })).headers)
    .toEqual({ 'x-should-retry': 'false', 'retry-after': '3600', 'retry-after-ms': '3600000' });
  expect(toOpenAiError(new AppError('attempt_unknown', 'Once only.', { status: 502 })).headers).toEqual({ 'x-should-retry': 'false' });
  expect(toOpenAiError(new AppError('invalid_value', 'No.', { status: 400 })).headers).toEqual({});
});

it('answers with 500 for a status that is none of an error', () => {
  expect(toOpenAiError(new AppError('odd', 'Odd.', { status: 200 })).status).toBe(500);
  expect(toOpenAiError(new AppError('odd', 'Odd.', { status: 0 })).body.error.param).toBeNull();
});
