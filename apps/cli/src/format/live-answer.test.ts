import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, ProgressPartSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { LiveAnswer } from './live-answer.js';

const part = (init: MessageInitShape<typeof ProgressPartSchema>) => create(ProgressPartSchema, { epoch: 1n, step: 1, ...init });
const delta = (value: string, more: { epoch?: bigint; step?: number } = {}) => part({ ...more, part: { case: 'textDelta', value } });
const answer = (init: MessageInitShape<typeof ProcessedRequestSchema>) => create(ProcessedRequestSchema, { outcome: Outcome.ANSWERED, ...init });
const textOf = (outputs: { kind: string; text: string }[]) => outputs.filter(({ kind }) => kind === 'text').map(({ text }) => text).join('');

describe('a live answer', () => {
  it('shows text as it comes and at the end only what is missing of it', () => {
    const live = new LiveAnswer();
    const shown = [...live.add(delta('17.5% of ')), ...live.add(delta('1,280')), ...live.finish(answer({ text: '17.5% of 1,280 is 224.' }))];
    expect(textOf(shown)).toBe('17.5% of 1,280 is 224.\n');
  });

  it('shows the whole answer when no part came', () => {
    expect(textOf(new LiveAnswer().finish(answer({ text: 'all of it' })))).toBe('all of it\n');
  });

  it('shows what each tool is asked and says, on lines of their own', () => {
    const live = new LiveAnswer();
    live.add(delta('Let me see'));
    expect(live.add(part({ part: { case: 'toolStarted', value: { call: { name: 'math_solver', arguments: '{"expression":"1+1"}' } } } }))).toEqual([
      { kind: 'text', text: '\n' },
      { kind: 'note', text: 'step 1  calls math_solver {"expression":"1+1"}' },
    ]);
    expect(live.add(part({ part: { case: 'toolFinished', value: { result: { name: 'math_solver', text: '2' }, durationMs: 3n } } }))).toEqual([{ kind: 'note', text: 'step 1  math_solver says: 2  (3 ms)' }]);
    expect(live.add(part({ part: { case: 'toolFinished', value: { result: { name: 'x', text: 'boom', isError: true } } } }))[0]?.text).toContain('x failed: boom');
  });

  it('begins the text again in a new epoch and drops parts of the old one', () => {
    const live = new LiveAnswer();
    live.add(delta('half an ans'));
    expect(live.add(delta('whole', { epoch: 2n }))).toEqual([{ kind: 'text', text: '\n' }, { kind: 'text', text: 'whole' }]);
    expect(live.add(delta('late', { epoch: 1n }))).toEqual([]);
    expect(textOf(live.finish(answer({ text: 'whole answer' })))).toBe(' answer\n');
  });

  it('says that what it showed is void when the call is made anew, and shows the whole answer below', () => {
    const live = new LiveAnswer();
    expect(live.reset(1n)).toEqual([]);
    live.add(delta('It is half'));
    expect(live.reset(2n)).toEqual([{ kind: 'text', text: '\n' }, { kind: 'note', text: 'the model is asked again: what stands above of this answer is void' }]);
    expect(live.add(delta(' past', { epoch: 1n }))).toEqual([]);
    expect(textOf([...live.add(delta('It is', { epoch: 2n })), ...live.finish(answer({ text: 'It is noon.' }))])).toBe('It is noon.\n');
  });

  it('says why there is no answer', () => {
    const live = new LiveAnswer();
    live.add(delta('half'));
    const shown = live.finish(answer({ outcome: Outcome.REFUSED, error: { code: 'budget_exceeded', message: 'The budget is used up.' } }));
    expect(shown).toEqual([{ kind: 'text', text: '\n' }, { kind: 'error', text: 'Refused: The budget is used up. [budget_exceeded]' }]);
  });

  it('lets no control character of a model reach the terminal', () => {
    expect(textOf(new LiveAnswer().add(delta('a\u001b[2Jb')))).toBe('a[2Jb');
  });

  it('tells what it took, and that figures are not whole when they are not', () => {
    const usage = { steps: 2, toolCalls: 1, costMicroUsd: 1_234n, durationMs: 130n, tokens: { input: 1_000n, cacheRead: 200n, output: 80n } };
    expect(new LiveAnswer().finish(answer({ text: 'x', runId: 'r', threadId: 't', usage })).at(-1)?.text).toBe('2 steps, 1 tool call, 1,280 tokens, $0.001234, 130 ms  (run r, thread t)');
    expect(new LiveAnswer().finish(answer({ text: 'x', runId: 'r', usage: { ...usage, isPartial: true } })).at(-1)?.text).toMatch(/at least [\d,]+ tokens, at least \$0\.001234/);
  });
});
