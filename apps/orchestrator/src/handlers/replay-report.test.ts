import { Outcome, Role, RunStatus } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { attemptIdOf } from '../domain/run-ids.js';
import { decide } from '../domain/run.machine.js';
import { fingerprint, newRun } from '../domain/run-state.js';
import { storedEvent } from '../domain/stored-event.js';
import { replayReport, type RecordedRun } from './replay-report.js';

const identity = { runId: 'run', threadId: 'thread', queuedBehind: 0 };
const happened = [
  storedEvent('accepted', { messageId: 'm', agent: { maxSteps: 3 } }),
  storedEvent('modelFailed', { attemptId: attemptIdOf('run', 1, 0), step: 1, error: { code: 'overloaded', isRetryable: true } }),
  storedEvent('modelAnswered', { attemptId: attemptIdOf('run', 1, 1), step: 1, spend: { costMicroUsd: 7n }, message: { role: Role.ASSISTANT, parts: [{ kind: { case: 'text', value: 'done' } }] } }),
];

function record(): RecordedRun {
  let state = newRun(identity);
  const events = happened.map((event, seq) => {
    state = decide(state, event, 1_000 + seq).state;
    return { seq, at: 1_000 + seq, event, fingerprint: seq === 0 ? undefined : fingerprint(state) };
  });
  return { ...identity, status: RunStatus.SUCCEEDED, events };
}
const kindsOf = (run: RecordedRun) => replayReport(run).differences.map(({ seq, kind }) => `${seq} ${kind}`);

it('comes to the same states, and tells of each what it is and what was decided', () => {
  const { states, differences, state } = replayReport(record());
  expect(differences).toEqual([]);
  expect(states.map((one) => [one.state.phase, one.state.tryNumber, one.state.usage.costMicroUsd, one.effects.map(({ kind }) => kind)])).toEqual([['model', 0, 0, ['callModel']], ['model', 1, 0, ['callModel']], ['over', 1, 7, ['reply']]]);
  expect(state.ending?.outcome).toBe(Outcome.ANSWERED);
});

it('tells of a state that is another now', () => {
  const run = record();
  const dearer = storedEvent('modelAnswered', { ...(happened[2]?.event.value as object), spend: { costMicroUsd: 8n } });
  expect(kindsOf({ ...run, events: run.events.map((one) => (one.seq === 2 ? { ...one, event: dearer } : one)) })).toEqual(['2 fingerprint']);
});

it('tells of an event that says nothing any more, and of the status that does not follow', () => {
  const run = record();
  const foreign = storedEvent('modelAnswered', { ...(happened[2]?.event.value as object), attemptId: 'another' });
  expect(kindsOf({ ...run, events: run.events.map((one) => (one.seq === 2 ? { ...one, event: foreign } : one)) })).toEqual(['2 ignored', '2 fingerprint', '-1 status']);
  expect(kindsOf({ ...run, status: RunStatus.FAILED })).toEqual(['-1 status']);
});

it('tells of an event that is missing', () => {
  const run = record();
  expect(kindsOf({ ...run, events: run.events.filter(({ seq }) => seq !== 1) })).toContain('2 sequence');
});

it('tells of a decision that fails, and replays nothing after it', () => {
  const run = record();
  const broken = { event: { case: 'modelAnswered', value: undefined } } as never;
  const { states, differences } = replayReport({ ...run, events: run.events.map((one) => (one.seq === 1 ? { ...one, event: broken } : one)) });
  expect(differences).toMatchObject([{ seq: 1, kind: 'error' }]);
  expect(states).toHaveLength(1);
});
