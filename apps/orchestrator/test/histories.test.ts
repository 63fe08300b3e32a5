import { readdirSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { decodeEvent } from '../src/storage/event-codec.js';
import { readHistories } from './history-file.js';
import { divergencesOf } from './replay-histories.js';

const folder = new URL('histories/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz'));

describe.each(files)('the runs that were recorded by %s', (name) => {
  const histories = readHistories(new URL(name, folder).pathname);

  it('come to the same states and answers in this version', () => {
    expect(divergencesOf(histories)).toEqual([]);
  });

  it('are a thousand at least, and end in every way that a run can', () => {
    expect(histories.length).toBeGreaterThanOrEqual(1_000);
    const answers = histories.flatMap(({ answer }) => (answer === undefined ? [] : [fromBinary(ProcessedRequestSchema, answer)]));
    expect(answers.length).toBeGreaterThanOrEqual(1_000);
    expect(new Set(answers.map(({ outcome, error }) => `${Outcome[outcome]} ${error?.code ?? ''}`.trim()))).toEqual(new Set([
      'ANSWERED', 'CANCELLED', 'REFUSED budget_exceeded', 'REFUSED model_not_found', 'REFUSED provider_disabled',
      ...['attempt_unknown', 'budget_exceeded', 'at_once', 'content_filtered', 'context_length_exceeded', 'deadline_exceeded', 'empty_answer', 'interrupted', 'invalid_request', 'invalid_tool_calls', 'overloaded', 'rate_limited', 'step_limit_reached']
        .map((code) => `FAILED ${code}`),
    ]));
    const events = histories.flatMap((history) => history.events.map(({ payload }) => decodeEvent(payload).event.case));
    expect(new Set(events)).toEqual(new Set(['accepted', 'started', 'modelAnswered', 'modelFailed', 'toolFinished', 'finished']));
  });
});

it('every version that recorded any is still here', () => {
  expect(files).toContain('0.1.0.jsonl.gz');
});

it('a history that was tampered with is told', () => {
  const [history] = readHistories(new URL('0.1.0.jsonl.gz', folder).pathname).filter(({ kind }) => kind === 'parallel tools');
  if (history === undefined) throw new Error('there are parallel tools');
  const changed = history.events.map((event, seq) => (seq === 1 && event.fingerprint !== null ? { ...event, fingerprint: event.fingerprint + 1 } : event));
  expect(divergencesOf([{ ...history, events: changed }])).toHaveLength(1);
  expect(divergencesOf([{ ...history, events: history.events.slice(0, -1) }])).toEqual([expect.stringContaining('status')]);
  expect(divergencesOf([{ ...history, answer: undefined }])).toEqual([expect.stringContaining('the answer was none')]);
});
