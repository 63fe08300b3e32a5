import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { errorFor, speaksAnthropic } from './error-form.js';

const header = { 'anthropic-version': '2023-06-01' };

it.each([
  ['/v1/messages', {}, true],
  ['/v1/messages?beta=true', {}, true],
  ['/v1/messages/count_tokens', {}, true],
  ['/v1/messages2', {}, false],
  ['/v1/models', {}, false],
  ['/v1/models', header, true],
  ['/v1/nothing', header, true],
  ['/v1/chat/completions', header, false],
  ['/v1/responses?x=1', header, false],
])('of %s with %j Anthropic\'s protocol is %s', (url, headers, expected) => {
  expect(speaksAnthropic({ url, headers })).toBe(expected);
});

it('writes an error in the protocol of the request, with the same status and headers', () => {
  const error = new AppError('rate_limit_exceeded', 'Slowly.', { status: 429, isRetryable: true, retryAfterMs: 1_500 });
  const [openAi, anthropic] = ['/v1/responses', '/v1/messages'].map((url) => errorFor({ url, headers: {} }, error, 'request-1'));
  expect(openAi?.body).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limit_exceeded', message: 'Slowly.' } });
  expect(anthropic?.body).toMatchObject({ type: 'error', error: { type: 'rate_limit_error', message: 'Slowly.' }, request_id: 'request-1' });
  expect(anthropic).toMatchObject({ status: 429, headers: { 'retry-after': '2', 'x-should-retry': 'true' } });
  expect(openAi?.headers).toEqual(anthropic?.headers);
});
