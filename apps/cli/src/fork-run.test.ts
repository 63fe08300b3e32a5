import { toJsonString, create } from '@bufbuild/protobuf';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import { Outcome, StoredRunEventSchema, ThreadService, type ForkRunRequest } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { Failure } from './exit-code.js';
import { forkRun } from './fork-run.js';

const event = (name: string) => ({ kind: 'tool_finished', step: 1, payloadJson: toJsonString(StoredRunEventSchema, create(StoredRunEventSchema, { event: { case: 'toolFinished', value: { executed: { result: { name, text: 'noon' } } } } })) });
const fork = { runId: 'run-0', step: 1, agent: '', model: 'other', text: 'and?', messageId: 'm' };

/** A gateway whose run is over at the third look. */
async function forked(outcome: Outcome, more: { readonly isJson?: boolean; readonly isWaiting?: boolean } = {}) {
  const out: string[] = [];
  const notes: string[] = [];
  const requests: ForkRunRequest[] = [];
  let looks = 0;
  const threads = createClient(ThreadService, createRouterTransport((router) => router.service(ThreadService, {
    forkRun: (request) => {
      requests.push(request);
      return { run: { id: 'run-1', threadId: 'thread-1' } };
    },
    getRun: ({ by }) => {
      const isOver = ++looks === 3;
      return { run: { id: String(by.value), finishedAt: isOver ? 1n : 0n }, events: [{ kind: 'accepted' }, ...['a', 'b', 'c'].slice(0, looks).map(event)], ...(isOver && { answer: { outcome, text: 'It is noon.', runId: 'run-1', threadId: 'thread-1', error: { code: 'empty_answer', message: 'Nothing.' } } }) };
    },
  })));
  const terminal = { line: (line = '') => void out.push(line), lines: (lines: readonly string[]) => void out.push(...lines), note: (line: string) => void notes.push(line) };
  const error: unknown = await forkRun({ gateway: { threads }, terminal, isJson: false, isWaiting: true, lookEveryMs: 1, ...more }, fork).then(() => undefined, (thrown: unknown) => thrown);
  return { out, notes, error, requests };
}

it('shows each thing that happens once, then the answer', async () => {
  const { out, notes, error, requests } = await forked(Outcome.ANSWERED);
  expect(error).toBeUndefined();
  expect(requests).toMatchObject([fork]);
  expect(out).toEqual(['It is noon.']);
  expect(notes).toEqual([
    'run run-1 in the new thread thread-1, forked from run-0 after step 1',
    ...['a', 'b', 'c'].map((name) => `step 1  tool ${name} says: noon`),
    expect.stringContaining('run run-1'),
  ]);
});

it('fails when the new run was not answered', async () => {
  const { out, notes, error } = await forked(Outcome.FAILED);
  expect(error).toBeInstanceOf(Failure);
  expect(out).toEqual([]);
  expect(notes.at(-2)).toBe('Not answered: Nothing. [empty_answer]');
});

it('gives only the new run when nobody waits, and only JSON when asked to', async () => {
  expect((await forked(Outcome.ANSWERED, { isWaiting: false })).out).toEqual(['run-1']);
  const { out, notes } = await forked(Outcome.ANSWERED, { isJson: true });
  expect(JSON.parse(out.join(''))).toMatchObject({ text: 'It is noon.' });
  expect(notes).toEqual([]);
});
