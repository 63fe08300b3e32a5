import { describe, expect, it } from 'vitest';
import { completionAsChunks } from './completion-as-chunks.js';

const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const completion = (message: object): string => JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }], usage });
const parsed = (json: string, includeUsage: boolean): unknown[] => completionAsChunks(json, includeUsage).map((chunk) => JSON.parse(chunk) as unknown);

describe('completionAsChunks', () => {
  it('gives a whole answer as one chunk, with usage as another when asked for', () => {
    const head = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' };
    expect(parsed(completion({ role: 'assistant', content: 'hi' }), false)).toEqual([{ ...head, choices: [{ index: 0, finish_reason: 'stop', delta: { role: 'assistant', content: 'hi' } }] }]);
    expect(parsed(completion({ role: 'assistant', content: 'hi' }), true)).toMatchObject([{ usage: null }, { choices: [], usage }]);
  });
  it('numbers tool calls, as chunks must', () => {
    expect(parsed(completion({ tool_calls: [{ id: 'a' }, { id: 'b' }] }), false)).toMatchObject([{ choices: [{ delta: { tool_calls: [{ index: 0, id: 'a' }, { index: 1, id: 'b' }] } }] }]);
  });
  it('gives nothing for what is no completion', () => {
    expect(completionAsChunks('<html>', false)).toEqual([]);
    expect(completionAsChunks('[]', false)).toEqual([]);
  });
});
