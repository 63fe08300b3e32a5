import { create, toJsonString, type MessageInitShape } from '@bufbuild/protobuf';
import { GetRunResponseSchema, Outcome, RunStatus, StoredRunEventSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { runJson } from './run-json.js';
import { runTimeline } from './run-timeline.js';

const began = 1_795_162_814_000n;
const event = (after: number, kind: string, step: number, stored: MessageInitShape<typeof StoredRunEventSchema>['event'], cost = 0n) => ({
  seq: 0, createdAt: began + BigInt(after), kind, step, costMicroUsd: cost, payloadJson: toJsonString(StoredRunEventSchema, create(StoredRunEventSchema, { event: stored })),
});
const call = { name: 'math_solver', arguments: '{"expression":"6*7"}' };
const spend = { provider: 'openai', model: 'gpt-4o', usage: { input: 1_200n, output: 16n }, durationMs: 9n };

const found = create(GetRunResponseSchema, {
  run: { id: 'run-1', status: RunStatus.SUCCEEDED, agent: 'default', threadId: 'thread-1', messageId: 'q1', correlationId: 'ticket-7', traceId: 'abc', createdAt: began, finishedAt: began + 36n },
  events: [
    event(0, 'accepted', 0, { case: 'accepted', value: { request: { text: 'What is 6*7?', surface: 'cli' }, waitedMs: 2n } }),
    event(16, 'model_answered', 1, { case: 'modelAnswered', value: { message: { parts: [{ kind: { case: 'toolCall', value: call } }] }, spend, waitedMs: 3n, invalidCalls: [{ text: 'no such tool' }] } }, 1_234n),
    event(28, 'tool_finished', 1, { case: 'toolFinished', value: { executed: { result: { name: 'math_solver', text: '42' }, waitedMs: 0n, durationMs: 8n } } }),
    event(36, 'model_failed', 2, { case: 'modelFailed', value: { error: { code: 'rate_limited', message: 'Too many.' } } }),
    { seq: 9, createdAt: began + 40n, kind: 'something_new', payloadJson: '{"somethingNew":{}}' },
  ],
  answer: { outcome: Outcome.ANSWERED, text: '6*7 is 42.', usage: { steps: 2, toolCalls: 1, costMicroUsd: 1_234n, durationMs: 36n } },
});

it('shows a run step by step, with what each cost', () => {
  expect(runTimeline(found)).toEqual([
    'run run-1: succeeded, began 2026-11-20 08:20:14 UTC, took 36 ms',
    'agent default, thread thread-1, message q1',
    'correlation ticket-7',
    'trace abc',
    '',
    ' AFTER  STEP  WAITED  WORKED       COST  TIMELINE           WHAT',
    ' +0 ms          2 ms                     ░                  accepted from cli: What is 6*7?',
    '+16 ms     1    3 ms    9 ms  $0.001234  ··░░██████         model openai/gpt-4o calls math_solver {"expression":"6*7"} (1,200 in, 16 out)',
    '                                                            cannot be called: no such tool',
    '+28 ms     1    0 ms    8 ms             ············█████  tool math_solver says: 42',
    '+36 ms     2                  $0.000000                     model failed: Too many. [rate_limited]',
    '+40 ms                                                      something new',
    '',
    '6*7 is 42.',
    '',
    '2 steps, 1 tool call, 0 tokens, $0.001234, 36 ms',
  ]);
});

it('says of a run under way that it is not over, and of a failed one why', () => {
  expect(runTimeline(create(GetRunResponseSchema, { run: { id: 'r', status: RunStatus.ACTIVE, createdAt: began } }))[0]).toContain('active, began 2026-11-20 08:20:14 UTC, not over yet');
  const failed = create(GetRunResponseSchema, { run: { id: 'r' }, answer: { outcome: Outcome.FAILED, error: { code: 'step_limit', message: 'Too many steps.' } } });
  expect(runTimeline(failed)).toContain('Not answered: Too many steps. [step_limit]');
});

it('says which model answered, why that one, and what was tried before it', () => {
  const routing = {
    requested: 'auto', model: 'openai/gpt-4o', tier: 'balanced', confidence: 0.8, reason: 'code: tier balanced', classifier: 'rules',
    fallbacks: [{ model: 'own/small', code: 'server_error', reason: 'own: broken', attemptId: 'a' }, { model: 'own/other', code: 'breaker_open', reason: 'left alone' }],
  };
  const said = { message: { parts: [{ kind: { case: 'text' as const, value: 'hi' } }] }, spend, routing };
  const lines = runTimeline(create(GetRunResponseSchema, { run: { id: 'r', createdAt: began }, events: [event(16, 'model_answered', 1, { case: 'modelAnswered', value: said })] }));
  expect(lines.slice(4, 8)).toEqual([
    '+16 ms     1            9 ms  $0.000000  ···········█████████████  model openai/gpt-4o says: hi (1,200 in, 16 out)',
    '                                                                   routed auto to openai/gpt-4o (balanced, 80% sure by the rules): code: tier balanced',
    '                                                                   before it own/small: own: broken [server_error]',
    '                                                                   before it own/other, passed over: left alone [breaker_open]',
  ]);
  const plain = { ...said, routing: { requested: 'openai/gpt-4o', model: 'openai/gpt-4o', reason: 'asked for by name' } };
  expect(runTimeline(create(GetRunResponseSchema, { run: { id: 'r', createdAt: began }, events: [event(16, 'model_answered', 1, { case: 'modelAnswered', value: plain })] })).join('')).not.toContain('routed');
});

it('says of a fork where it goes on from', () => {
  const lines = runTimeline(create(GetRunResponseSchema, {
    run: { id: 'r', createdAt: began, forkedFrom: { runId: 'run-0', step: 2 } },
    events: [event(0, 'accepted', 0, { case: 'accepted', value: { request: { surface: 'rpc', forkedFrom: { runId: 'run-0', step: 2 }, history: [{}, {}, {}] } } })],
  }));
  expect(lines).toContain('forked from run run-0 after step 2');
  expect(lines.at(-3)).toContain('accepted from rpc: a conversation of 3 messages, to go on from');
});

it('gives as JSON what its events hold, not a text in a text', () => {
  const json = JSON.parse(runJson(found)) as { run: { status: string }; events: { payload: unknown; payloadJson?: string }[] };
  expect(json.run.status).toBe('RUN_STATUS_SUCCEEDED');
  expect(json.events[0]).toMatchObject({ payload: { accepted: { request: { text: 'What is 6*7?' } } } });
  expect(json.events[0]).not.toHaveProperty('payloadJson');
});
