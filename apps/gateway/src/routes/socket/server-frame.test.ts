import { create } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, ProgressPartSchema, type ProgressPart } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { partFrame } from './part-frame.js';
import { completeFrame, errorFrame, serverFrames, type ServerFrame } from './server-frame.js';

const names = { messageId: 'm', threadId: 't' };
const part = (value: ProgressPart['part']): ServerFrame | undefined => partFrame(create(ProgressPartSchema, { runId: 'r', epoch: 2n, step: 3, part: value }), '7-0', names);
const accepted = { case: 'accepted', value: { $typeName: 'nexus.run.v1.Accepted', threadId: 't', queuedBehind: 1 } } as const;
const stepFinished = { case: 'stepFinished', value: { $typeName: 'nexus.run.v1.StepFinished', tokens: undefined, costMicroUsd: 1n, model: 'demo' } } as const;

describe('frames of the gateway', () => {
  it('tell the parts of a run', () => {
    expect(part(accepted)).toEqual({ type: 'agent_status', message_id: 'm', run_id: 'r', thread_id: 't', state: 'accepted', queued_behind: 1, id: '7-0' });
    expect(part({ case: 'textDelta', value: 'hi' })).toEqual({ type: 'message_chunk', message_id: 'm', run_id: 'r', id: '7-0', epoch: 2, step: 3, text: 'hi' });
    expect(part({ case: 'toolStarted', value: { $typeName: 'nexus.run.v1.ToolStarted', call: undefined } })).toMatchObject({ state: 'tool_started', step: 3, tool: '' });
    expect(part(stepFinished)).toMatchObject({ state: 'step', step: 3 });
    expect(part({ case: 'reasoningDelta', value: 'hm' })).toBeUndefined();
  });

  it('tell the answer in the JSON of proto3', () => {
    const answer = create(ProcessedRequestSchema, { messageId: 'm', runId: 'r', outcome: Outcome.ANSWERED, text: 'yes', usage: { costMicroUsd: 42n } });
    expect(completeFrame(answer, 'm')).toEqual({ type: 'message_complete', message_id: 'm', run_id: 'r', answer: { messageId: 'm', runId: 'r', outcome: 'OUTCOME_ANSWERED', text: 'yes', usage: { costMicroUsd: '42' } } });
  });

  it('tell an error with all that a program needs to know', () => {
    const error = new AppError('overloaded', 'Later.', { status: 429, isRetryable: true, retryAfterMs: 1_500 });
    expect(errorFrame(error, { message_id: 'm' }, 'q')).toEqual({
      type: 'error', message_id: 'm', error: { code: 'overloaded', message: 'Later.', status: 429, is_retryable: true, param: null, retry_after_ms: 1_500, request_id: 'q' },
    });
  });

  it('are as their schemas say', () => {
    const frames = [part(accepted), part({ case: 'textDelta', value: 'hi' }), part(stepFinished), completeFrame(create(ProcessedRequestSchema), 'm'), errorFrame(new AppError('x', 'y'), {}, 'q')];
    for (const frame of frames) if (frame) expect(serverFrames[frame.type].parse(frame)).toEqual(frame);
    expect(frames.every((frame) => frame !== undefined)).toBe(true);
  });
});
