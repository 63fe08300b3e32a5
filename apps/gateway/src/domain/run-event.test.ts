import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ProgressPartSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { runEvent } from './run-event.js';

type PartInit = NonNullable<MessageInitShape<typeof ProgressPartSchema>['part']>;

const written = (part: PartInit) => runEvent(create(ProgressPartSchema, { runId: 'r', messageId: 'm', step: 2, part }));

it.each<[PartInit, object | undefined]>([
  [{ case: 'accepted', value: { threadId: 't', queuedBehind: 1 } }, { event: 'accepted', data: { run_id: 'r', thread_id: 't', message_id: 'm', queued_behind: 1 } }],
  [{ case: 'textDelta', value: 'hi' }, { event: 'text_delta', data: { run_id: 'r', step: 2, text: 'hi' } }],
  [{ case: 'reasoningDelta', value: 'hm' }, { event: 'reasoning_delta', data: { run_id: 'r', step: 2, text: 'hm' } }],
  [{ case: 'toolStarted', value: { call: { id: 'c', name: 'f', arguments: '{}' } } }, { event: 'tool_started', data: { run_id: 'r', step: 2, tool_call_id: 'c', name: 'f', arguments: '{}' } }],
  [{ case: 'toolFinished', value: { result: { callId: 'c', name: 'f', text: '4', isError: true }, durationMs: 3n } }, { event: 'tool_finished', data: { run_id: 'r', step: 2, tool_call_id: 'c', name: 'f', text: '4', is_error: true, duration_ms: 3 } }],
  [{ case: 'events', value: new Uint8Array() }, undefined],
])('writes %o', (part, event) => {
  expect(written(part)).toEqual(event);
});

it('writes what a step used', () => {
  expect(written({ case: 'stepFinished', value: { model: 'm', costMicroUsd: 4n, tokens: { input: 2n, output: 1n } } })).toMatchObject({ event: 'step_finished', data: { model: 'm', cost_micro_usd: 4, usage: { total_tokens: 3 } } });
});
