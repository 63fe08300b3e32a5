import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import { ReplayRunResponseSchema, RunStatus, ThreadService } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { Failure } from './exit-code.js';
import { replayRun } from './replay-run.js';

const began = 1_795_162_814_000n;
const replay: MessageInitShape<typeof ReplayRunResponseSchema> = {
  run: { id: 'run-1', status: RunStatus.SUCCEEDED, createdAt: began },
  events: [
    { seq: 0, createdAt: began, kind: 'accepted', phase: 'model', step: 1, computedFingerprint: 0x1234, effects: [{ kind: 'progress', part: 'accepted' }, { kind: 'call_model', step: 1 }] },
    { seq: 1, createdAt: began + 9n, kind: 'model_failed', phase: 'model', step: 1, tryNumber: 1, storedFingerprint: -1, computedFingerprint: -1, effects: [{ kind: 'call_model', step: 1, tryNumber: 1, delayMs: 250n }] },
    { seq: 2, createdAt: began + 16n, kind: 'model_answered', phase: 'tools', step: 1, tryNumber: 1, pending: [0, 1], costMicroUsd: 412n, storedFingerprint: 7, computedFingerprint: 8, effects: [{ kind: 'execute_tools', step: 1, ids: ['a', 'b'] }] },
  ],
};

async function shown(answer: MessageInitShape<typeof ReplayRunResponseSchema>, isJson = false) {
  const lines: string[] = [];
  const threads = createClient(ThreadService, createRouterTransport((router) => router.service(ThreadService, { replayRun: ({ id }) => (id === 'run-1' ? create(ReplayRunResponseSchema, answer) : {}) })));
  const terminal = { line: (line = '') => void lines.push(line), lines: (all: readonly string[]) => void lines.push(...all), paint: (style: string, text: string) => (style === 'red' ? `<${text}>` : text) };
  const error: unknown = await replayRun({ threads }, terminal, 'run-1', isJson).then(() => undefined, (thrown: unknown) => thrown);
  return { lines, error };
}

it('shows a replay state by state, and that it is the same', async () => {
  const { lines, error } = await shown({ ...replay, events: replay.events?.slice(0, 2) ?? [] });
  expect(error).toBeUndefined();
  expect(lines).toEqual([
    'run run-1: succeeded, 2 events decided about again',
    '',
    'EVENT  AFTER  WHAT          PHASE  STEP  TRY  OPEN       COST  STORED    NOW       DECIDED',
    '    0  +0 ms  accepted      model     1    0        $0.000000  -         00001234  tell accepted, call model (step 1, try 0)',
    '    1  +9 ms  model failed  model     1    1        $0.000000  ffffffff  ffffffff  call model (step 1, try 1) in 250 ms',
    '',
    'The same: 2 states, 1 of them held against a stored fingerprint.',
  ]);
});

it('fails when a state is another now, and says where', async () => {
  const { lines, error } = await shown({ ...replay, divergences: [{ seq: 2, kind: 'fingerprint', message: 'was 7, is 8' }, { seq: -1, kind: 'status', message: 'another status' }] });
  expect(error).toBeInstanceOf(Failure);
  expect(lines.slice(-5)).toEqual([
    '    2  +16 ms  model answered  tools     1    1  0 1   $0.000412  00000007  00000008  make 2 tool calls',
    '<DIVERGES: was 7, is 8>', '<DIVERGES: another status>', '', '<NOT the same: 2 differences.>',
  ]);
});

it('fails as JSON, too', async () => {
  const { lines, error } = await shown({ ...replay, divergences: [{ seq: 2, kind: 'fingerprint', message: 'was 7, is 8' }] }, true);
  expect(error).toBeInstanceOf(Failure);
  expect(JSON.parse(lines.join('\n'))).toMatchObject({ run: { id: 'run-1' }, events: [{}, {}, { pending: [0, 1] }], divergences: [{ seq: 2 }] });
});
