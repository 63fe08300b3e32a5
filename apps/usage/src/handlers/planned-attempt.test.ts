import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { AttemptSchema, TokenPriceSchema } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { plannedAttemptsFrom } from './planned-attempt.js';

const attempt = (more: Exclude<MessageInitShape<typeof AttemptSchema>, Message> = {}) =>
  create(AttemptSchema, { attemptId: newId(), tenantId: newId(), owner: 'router-1', provider: 'openai', model: 'gpt-4o', maxInputTokens: 10n, price: create(TokenPriceSchema, { input: 1n }), ...more });

describe('plannedAttemptsFrom', () => {
  it('reads what is there and fills in what may be missing', () => {
    const [planned] = plannedAttemptsFrom([attempt({ maxOutputTokens: 5n })]);
    expect(planned).toMatchObject({ owner: 'router-1', maxInputTokens: 10, maxOutputTokens: 5, minOutputTokens: 0, price: { input: 1, output: 0 }, attribution: { client: '', project: '', keyId: '', user: '', agent: '', threadId: '' }, runId: undefined, step: 0 });
  });

  it.each([
    ['tenantId', attempt({ tenantId: 'x' }), 'attempts.0.tenantId'],
    ['owner', attempt({ owner: '' }), 'attempts.0.owner'],
    ['tokens', attempt({ maxInputTokens: -1n }), 'attempts.0.maxInputTokens'],
    ['a price', attempt({ price: undefined }), 'attempts.0.price'],
    ['a run', attempt({ runId: 'my run' }), 'attempts.0.runId'],
  ])('refuses a wrong value of %s and says where', (_what, wrong, param) => {
    expect(() => plannedAttemptsFrom([wrong])).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param }));
  });

  it('refuses an attempt that stands twice', () => {
    const twice = attempt();
    expect(() => plannedAttemptsFrom([twice, twice])).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it('makes labels storable', () => {
    expect(plannedAttemptsFrom([attempt({ model: `a\u0000${'x'.repeat(500)}` })])[0]?.model).toBe(`a\ufffd${'x'.repeat(198)}`);
  });
});
