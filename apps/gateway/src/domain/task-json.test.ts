import { create } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, QueuedTaskSchema, TaskState } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { queuedTaskJson, taskAnswerJson } from './task-json.js';

const failed = create(ProcessedRequestSchema, { runId: 'run-1', outcome: Outcome.FAILED, error: { code: 'provider_error', message: 'Away.', status: 502 }, usage: { tokens: { cacheWrite: 2n, cacheWrite1h: 3n, input: 5n, output: 7n }, costMicroUsd: 1_500_000n, isPartial: true } });

it('tells what a task cost in dollars and in buckets that add up, and null where nothing is known', () => {
  expect(taskAnswerJson(failed)).toMatchObject({
    model: null, tier: null, confidence: null, reason: null, classifier: null, fallbacks: [], cost_usd: 1.5, cost_micro_usd: 1_500_000, is_partial: true,
    tokens: { input: 5, cache_read: 0, cache_write: 5, output: 7, reasoning: 0, total: 17 },
  });
});

it('shows what a queued task came to: a failed one its run and its error, one that was refused its error alone', () => {
  const task = { id: 't', text: 'x', state: TaskState.FAILED, createdAt: 1_000n };
  expect(queuedTaskJson(create(QueuedTaskSchema, { ...task, answer: failed }))).toMatchObject({ state: 'failed', position: null, agent: 'default', result: { id: 'run-1' }, error: { code: 'provider_error', type: 'server_error' } });
  const refused = create(ProcessedRequestSchema, { outcome: Outcome.REFUSED, error: { code: 'quota_exceeded', message: 'Enough.', status: 429 } });
  expect(queuedTaskJson(create(QueuedTaskSchema, { ...task, answer: refused }))).toMatchObject({ result: null, error: { code: 'quota_exceeded', type: 'insufficient_quota' } });
});
