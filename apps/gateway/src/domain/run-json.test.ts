import { create } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, RunSchema, RunStatus } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { isOver, runJson } from './run-json.js';

const answer = create(ProcessedRequestSchema, { runId: 'r', outcome: Outcome.FAILED, error: { code: 'provider_error', message: 'Away.', status: 502 } });

describe('runJson', () => {
  it('shows a run that is under way', () => {
    const run = runJson(create(RunSchema, { id: 'r', threadId: 't', status: RunStatus.ACTIVE, createdAt: 5_500n }), undefined);
    expect(run).toMatchObject({ id: 'r', object: 'thread.run', thread_id: 't', status: 'active', created_at: 5, finished_at: null, usage: null, error: null, answer: null, forked_from: null });
  });
  it('shows how it ended, with the error in the shape of OpenAI', () => {
    const run = runJson(create(RunSchema, { id: 'r', status: RunStatus.FAILED, finishedAt: 6_000n, ...(answer.error && { error: answer.error }), usage: { costMicroUsd: 3n, tokens: { input: 1n, output: 2n } } }), answer);
    expect(run).toMatchObject({ status: 'failed', finished_at: 6, error: { code: 'provider_error', type: 'server_error', param: null }, usage: { total_tokens: 3, cost_micro_usd: 3 }, answer: { outcome: 'failed', finish_reason: null } });
  });
  it('shows what a fork goes on from', () => {
    expect(runJson(create(RunSchema, { forkedFrom: { runId: 'o', step: 2 } }), undefined).forked_from).toEqual({ run_id: 'o', step: 2 });
  });
  it('names a status that this version does not know', () => {
    expect(runJson(create(RunSchema, { status: 99 as RunStatus }), undefined).status).toBe('unknown');
  });
});

describe('isOver', () => {
  it.each([[RunStatus.QUEUED, false], [RunStatus.ACTIVE, false], [RunStatus.SUCCEEDED, true], [RunStatus.FAILED, true], [RunStatus.CANCELLED, true]])('status %i: %s', (status, over) => {
    expect(isOver(create(RunSchema, { status }))).toBe(over);
  });
});
