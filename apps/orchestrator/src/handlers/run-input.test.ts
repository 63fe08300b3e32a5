import { create } from '@bufbuild/protobuf';
import type { Message } from '@nexus/channels';
import { FinishReason, ToolExecutedSchema, type StoredRunEvent } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { executionIdOf } from '../domain/run-ids.js';
import { storedEvent } from '../domain/stored-event.js';
import type { LiveRun } from './live-run.js';
import { toolFinished } from './run-input.js';

const TENANT = '00000000-0000-7000-8000-00000000000a';
const asked = storedEvent('modelAnswered', {
  step: 1, finishReason: FinishReason.TOOL_CALLS,
  message: { parts: [{ kind: { case: 'toolCall', value: { id: 'c0', name: 'add', arguments: '{}' } } }] },
});
const live = { state: { runId: 'run', step: 1, pending: [0] }, events: [asked] } as unknown as LiveRun;

function executedOf(event: StoredRunEvent | undefined) {
  return event?.event.case === 'toolFinished' ? event.event.value.executed : undefined;
}

describe('toolFinished', () => {
  it('stores what the executor told of its call: how long it waited, took, and kept processors', () => {
    const payload = create(ToolExecutedSchema, { executionId: executionIdOf('run', 1, 0), runId: 'run', step: 1, waitedMs: 7n, durationMs: 40n, cpuMs: 35n, result: { text: '3' } });
    const message = { tenantId: TENANT, payload } as Message<'tools.results'>;
    const stored = toolFinished(message, { trace: undefined, isAgain: false }).toEvent(live);
    expect(executedOf(stored)).toMatchObject({ waitedMs: 7n, durationMs: 40n, cpuMs: 35n, result: { callId: 'c0', name: 'add', text: '3' } });
  });
});
