import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProviderTarget } from '../../domain/provider-target.js';
import { startLocalUpstream, type LocalUpstream } from './local-upstream.fixture.js';
import { HttpClient } from './http-client.js';

const client = new HttpClient();
let upstream: LocalUpstream;
let target: ProviderTarget;
let answer: [number, unknown];

beforeAll(async () => {
  upstream = await startLocalUpstream((response: ServerResponse) => {
    response.writeHead(answer[0], { 'content-type': 'application/json' }).end(typeof answer[1] === 'string' ? answer[1] : JSON.stringify(answer[1]));
  });
  target = { ...upstream.target, lookup: `${upstream.target.baseUrl}/attempts/{attempt_id}?by=client` };
});
afterAll(async () => {
  await client.close();
  await upstream.close();
});

const lookUp = (...told: typeof answer) => {
  answer = told;
  return client.lookUp(target, 'attempt-1', AbortSignal.timeout(2_000));
};

describe('lookUp', () => {
  it('reads what the provider says, its usage in exclusive buckets', async () => {
    expect(await lookUp(200, { status: 'completed', usage: { prompt_tokens: 10, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } } }))
      .toMatchObject({ status: 'completed', usage: { input: 6, cacheRead: 4, output: 3, estimated: false } });
    expect(await lookUp(200, { status: 'in_progress' })).toEqual({ status: 'in_progress', usage: undefined });
    expect(await lookUp(200, { status: 'failed', usage: null })).toEqual({ status: 'failed', usage: undefined });
    expect(await lookUp(404, 'no such thing')).toEqual({ status: 'not_found', usage: undefined });
  });

  it.each([
    ['another word', 200, { status: 'perhaps' }, 'bad_response'],
    ['no JSON', 200, '<html>', 'bad_response'],
    ['a refusal of the key', 401, { error: { message: 'no' } }, 'authentication'],
    ['a failure', 500, { error: { message: 'no' } }, 'server_error'],
  ] as const)('rejects %s', async (_what, status, body, code) => {
    await expect(lookUp(status, body)).rejects.toMatchObject({ code });
  });

  it('does not ask a provider that cannot be asked', async () => {
    expect(await client.lookUp(upstream.target, 'attempt-1', AbortSignal.timeout(2_000))).toBeUndefined();
  });
});
