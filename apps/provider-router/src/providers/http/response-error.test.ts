import { describe, expect, it } from 'vitest';
import { responseError } from './response-error.js';

const spoken = (status: number, body: unknown, more: object = {}): ReturnType<typeof responseError> =>
  responseError({ provider: 'acme', status, body, apiKey: 'sk-secret-key', retryAfterMs: undefined, hasStarted: false, ...more });

describe('an error that a provider speaks', () => {
  it.each([
    ['401', 401, { error: { message: 'Incorrect API key provided', code: 'invalid_api_key' } }, 'authentication', false, 502],
    ['403', 403, { error: { message: 'no access' } }, 'permission', false, 502],
    ['404', 404, { error: { message: 'no such model', code: 'model_not_found' } }, 'not_found', false, 404],
    ['408', 408, {}, 'timeout', true, 504],
    ['429', 429, { error: { message: 'Rate limit reached', type: 'tokens', code: 'rate_limit_exceeded' } }, 'rate_limited', true, 429],
    ['429 without credit', 429, { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }, 'quota_exhausted', false, 402],
    ['402 of DeepSeek', 402, { error: { message: 'Insufficient Balance' } }, 'quota_exhausted', false, 402],
    ['400 without credit, of Anthropic', 400, { error: { message: 'Your credit balance is too low to access the API' } }, 'quota_exhausted', false, 402],
    ['400', 400, { error: { message: 'Unsupported value', code: 'unsupported_value', param: 'messages[0].role' } }, 'invalid_request', false, 400],
    ['422 of Mistral', 422, { object: 'error', message: { detail: [{ msg: 'Extra inputs are not permitted' }] }, type: 'invalid_request_error', code: null }, 'invalid_request', false, 400],
    ['a long context by code', 400, { error: { message: 'x', code: 'context_length_exceeded' } }, 'context_length', false, 400],
    ['a long context by words', 400, { error: { message: "This model's maximum context length is 8192 tokens" } }, 'context_length', false, 400],
    ['a filtered prompt', 400, { error: { message: 'filtered', code: 'content_filter' } }, 'content_filter', false, 400],
    ['a bad key of Gemini, in an array', 400, [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' } }], 'authentication', false, 502],
    [
      'a quota of Gemini for a minute', 429,
      [{ error: { code: 429, message: 'You exceeded your current quota, please check your plan and billing details.', status: 'RESOURCE_EXHAUSTED', details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '33.5s' }] } }],
      'rate_limited', true, 429,
    ],
    ['a quota of Gemini that is used up', 429, { error: { code: 429, message: 'You exceeded your current quota, please check your plan and billing details.', status: 'RESOURCE_EXHAUSTED' } }, 'quota_exhausted', false, 402],
    ['a response of OpenAI that failed', 200, { type: 'response.failed', response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow down' } } }, 'rate_limited', true, 429],
    ['500', 500, { error: { message: 'The server had an error' } }, 'server_error', true, 502],
    ['502 in HTML', 502, '<html><h1>Bad Gateway</h1></html>', 'server_error', true, 502],
    ['503', 503, '', 'overloaded', true, 503],
    ['529 of Anthropic', 529, { error: { type: 'overloaded_error', message: 'Overloaded' } }, 'overloaded', true, 503],
    ['200 with a number, of OpenRouter', 200, { error: { code: 429, message: 'slow down' } }, 'rate_limited', true, 429],
    ['200 with a type', 200, { error: { type: 'overloaded_error', message: 'Overloaded' } }, 'overloaded', true, 503],
    ['200 with a text', 200, { error: 'it broke' }, 'server_error', true, 502],
  ] as const)('%s', (_, status, body, code, isRetryable, edge) => {
    expect(spoken(status, body)).toMatchObject({ code, isRetryable, status: edge, upstreamStatus: status, charge: 'none', wasSent: true });
  });

  it('keeps the provider\'s words and code, without keys and without a page of HTML', () => {
    expect(spoken(401, { error: { message: 'bad key sk-secret-key', code: 'invalid_api_key' } })).toMatchObject({ message: 'acme: bad key ***', upstreamCode: 'invalid_api_key' });
    expect(spoken(500, '<html>oops</html>').message).toBe('acme: answered with status 500 and no message');
    expect(spoken(500, {}).message).toBe('acme: answered with status 500 and no message');
  });

  it('is never retryable once a part of the answer has come, and then counts what came', () => {
    expect(spoken(200, { error: { type: 'overloaded_error', message: 'Overloaded' } }, { hasStarted: true })).toMatchObject({ code: 'overloaded', isRetryable: false, charge: 'estimated' });
  });

  it('carries how long to wait', () => {
    expect(spoken(429, {}, { retryAfterMs: 1_500 }).retryAfterMs).toBe(1_500);
  });
});

it('knows how long to wait from an error of Google, before what the headers say', () => {
  const body = { error: { code: 429, message: 'x', status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: 'soon' }, { retryDelay: '33.5s' }] } };
  expect(spoken(429, body, { retryAfterMs: 5 }).retryAfterMs).toBe(33_500);
  expect(spoken(429, { error: { message: 'x' } }, { retryAfterMs: 5 }).retryAfterMs).toBe(5);
});
