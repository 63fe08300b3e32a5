import { create } from '@bufbuild/protobuf';
import { FinishReason, IncomingRequestSchema, Outcome, RunAcceptedSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { runFinishedData } from './run-finished.js';
import { newRun } from './run-state.js';
import { storedEvent } from './stored-event.js';

const begun = { ...newRun({ runId: 'r1', threadId: 't1', queuedBehind: 0 }), acceptedAt: 1_000, step: 1 };
const accepted = create(RunAcceptedSchema, { messageId: 'm1', request: create(IncomingRequestSchema, { text: 'a question' }) });
const ended = (outcome: Outcome.ANSWERED | Outcome.REFUSED) => ({ ...begun, ending: { outcome, finishReason: FinishReason.STOP, at: 1_250 } });

describe('runFinishedData', () => {
  it('leaves open what is not known', () => {
    expect(runFinishedData(ended(Outcome.REFUSED), accepted, [])).toMatchObject({
      run_id: 'r1', thread_id: 't1', message_id: 'm1', surface: null, chat_id: null, agent: null, outcome: 'refused', error_code: null, model: null, client: null, user: null, duration_ms: 250,
    });
  });

  it('names the model that the router chose, else the one that was paid', () => {
    const answered = (more: object) => [storedEvent('modelAnswered', { attemptId: 'a', step: 1, spend: { provider: 'openai', model: 'gpt-5.5' }, ...more })];
    expect(runFinishedData(ended(Outcome.ANSWERED), accepted, answered({}))['model']).toBe('openai/gpt-5.5');
    expect(runFinishedData(ended(Outcome.ANSWERED), accepted, answered({ routing: { model: 'anthropic/claude' } }))['model']).toBe('anthropic/claude');
  });

  it('is of runs that are over only', () => {
    expect(() => runFinishedData(begun, accepted, [])).toThrow('not over');
  });
});
