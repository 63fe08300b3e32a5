// Made-up model calls of a month, the same for the same number.
import { deterministicId } from '@nexus/core';

export const TENANTS = ['00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-0000000000b2', '00000000-0000-7000-8000-0000000000c3', '00000000-0000-7000-8000-0000000000d4'];
const CLIENTS = ['acme', ...Array.from({ length: 19 }, (_, index) => `client-${index + 1}`)];
const MODELS = ['small', 'medium', 'large', 'reasoning'];
const PRICE = { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000, cacheWrite: 3_125_000, version: '2026-07-24' };
/** Model calls of one run. */
const STEPS = 3;

/** A number from 0 to below `below` that follows from `n` and `of`. */
const pick = (n, of, below) => Math.imul(n + 1, 2_654_435_761 ^ of) % below >>> 0;

/** The call number `n`, made at that moment (Unix milliseconds): as it is opened, and as it is settled. */
export function call(n, now) {
  const run = Math.floor(n / STEPS);
  const tenantId = TENANTS[pick(run, 1, TENANTS.length) % TENANTS.length];
  const attemptId = deterministicId('ledger bench', n);
  const client = CLIENTS[pick(run, 2, CLIENTS.length) % CLIENTS.length];
  const attribution = {
    client, project: `${client}-${pick(run, 3, 3) % 3}`, keyId: `key-${pick(run, 4, 40) % 40}`, user: `user-${pick(run, 5, 60) % 60}`, agent: pick(run, 6, 2) % 2 === 0 ? '' : 'writer', threadId: `thread-${run}`,
  };
  const model = MODELS[pick(run, 7, MODELS.length) % MODELS.length];
  const runId = deterministicId('ledger bench run', run);
  const tokens = { input: 200 + (pick(n, 8, 3_000) % 3_000), output: 50 + (pick(n, 9, 400) % 400), cacheRead: 0, cacheWrite: 0, reasoning: 20 };
  const planned = { tenantId, attemptId, owner: 'bench', provider: 'bench', model, maxInputTokens: 4_000, maxOutputTokens: 1_000, minOutputTokens: 1, price: PRICE, attribution, runId, step: n % STEPS };
  const record = {
    tenantId, attemptId, result: 'succeeded', provider: 'bench', model, tool: '', tokens, isEstimated: false, price: PRICE, attribution, runId, step: n % STEPS, requested: 'auto',
    route: 'short and without tools', finishedAtMs: now, durationMs: 900, errorCode: '', providerRequestId: `req-${n}`, traceId: deterministicId('trace', run).replaceAll('-', ''), resolution: '',
  };
  return { planned, record };
}
