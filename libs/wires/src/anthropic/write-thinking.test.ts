import { expect, it } from 'vitest';
import type { ModelMessage } from '../hub/model-part.js';
import type { ModelRequest, ReasoningWish } from '../hub/model-request.js';
import { anthropic } from './anthropic.js';
import { claudeVersion } from './claude-model.js';
import { requestOf } from './streamed-text.fixture.js';

const write = (reasoning: ReasoningWish, said: Partial<ModelRequest> = {}) => {
  const { thinking, output_config: config } = anthropic.writeRequest(requestOf({ maxOutputTokens: 64_000, reasoning, ...said }));
  return { thinking, config };
};
const older = { model: 'claude-sonnet-4-5-20250929' };

it.each([
  ['claude-opus-4-8', 4.08],
  ['claude-opus-4-8-20260528', 4.08],
  ['claude-sonnet-4-20250514', 4],
  ['claude-sonnet-4-5-20250929', 4.05],
  ['claude-3-7-sonnet-20250219', 3.07],
  ['claude-3-opus-latest', 3],
  ['anthropic/claude-sonnet-4.6', 4.06],
  ['anthropic.claude-haiku-4-5-20251001-v1:0', 4.05],
  ['claude-fable-5', 5],
  ['claude-mythos-5-1', 5.01],
  ['claude-mythos-preview', Infinity],
  ['kimi-k2', 0],
])('%s has the version %d', (model, version) => {
  expect(claudeVersion(model)).toBe(version);
});

it('is the model\'s own matter from 4.6 on, guided by an effort', () => {
  expect(write({ effort: 'minimal' })).toEqual({ thinking: { type: 'adaptive' }, config: { effort: 'low' } });
  expect(write({ effort: 'xhigh', isShown: true })).toEqual({ thinking: { type: 'adaptive', display: 'summarized' }, config: { effort: 'xhigh' } });
  expect(write({ budgetTokens: 5_000, isShown: false })).toEqual({ thinking: { type: 'adaptive', display: 'omitted' }, config: undefined });
  expect(write({ effort: 'none' })).toEqual({ thinking: { type: 'disabled' }, config: undefined });
});

it('is the least where the model cannot stop', () => {
  for (const model of ['claude-fable-5', 'claude-opus-5-5', 'claude-mythos-preview']) expect(write({ effort: 'none' }, { model })).toEqual({ thinking: { type: 'adaptive' }, config: { effort: 'low' } });
  for (const model of ['claude-opus-5', 'claude-sonnet-5', 'claude-haiku-5-5']) expect(write({ effort: 'none' }, { model }).thinking).toEqual({ type: 'disabled' });
});

it('is a number of tokens before, more for more effort', () => {
  expect(write({ budgetTokens: 3_000, isShown: true }, older)).toEqual({ thinking: { type: 'enabled', budget_tokens: 3_000 }, config: undefined });
  expect(write({ budgetTokens: 10, isShown: false }, older).thinking).toEqual({ type: 'enabled', budget_tokens: 1_024, display: 'omitted' });
  const budgets = (['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const).map((effort) => (write({ effort }, older).thinking as { budget_tokens: number }).budget_tokens);
  expect(budgets).toEqual([...budgets].sort((a, b) => a - b));
  expect(new Set(budgets).size).toBe(6);
  expect(write({ effort: 'none' }, older).thinking).toEqual({ type: 'disabled' });
});

it('leaves room for the answer within what it may have, and is left out where there is none', () => {
  expect(write({ effort: 'max' }, { ...older, maxOutputTokens: 8_000 }).thinking).toEqual({ type: 'enabled', budget_tokens: 4_000 });
  expect(write({ effort: 'max' }, { ...older, maxOutputTokens: 2_000 }).thinking).toBeUndefined();
});

it('is left out where a model that wants a number of tokens is forced to use a tool', () => {
  const tools = [{ name: 'look', description: undefined, parameters: {} }];
  expect(write({ effort: 'low' }, { ...older, tools, toolChoice: { kind: 'required' } }).thinking).toBeUndefined();
  expect(write({ effort: 'low' }, { tools, toolChoice: { kind: 'required' } }).thinking).toEqual({ type: 'adaptive' });
  expect(write({ effort: 'low' }, { ...older, tools, toolChoice: { kind: 'auto' } }).thinking).toBeDefined();
});

it('is left out where such a model goes on after a call without a thought of its own', () => {
  const messages = (thought: ModelMessage['parts']): ModelMessage[] => [
    { role: 'user', parts: [{ kind: 'text', text: 'Look.' }] },
    { role: 'assistant', parts: [...thought, { kind: 'tool_call', id: 'a', name: 'look', arguments: '' }] },
    { role: 'tool', parts: [{ kind: 'tool_result', callId: 'a', parts: [], isError: false }] },
  ];
  expect(write({ effort: 'low' }, { ...older, messages: messages([]) }).thinking).toBeUndefined();
  expect(write({ effort: 'low' }, { ...older, messages: messages([{ kind: 'reasoning', text: 'Hm.', signature: 'gemini:x' }]) }).thinking).toBeUndefined();
  expect(write({ effort: 'low' }, { ...older, messages: messages([{ kind: 'reasoning', text: 'Hm.', signature: 'anthropic:x' }]) }).thinking).toBeDefined();
  expect(write({ effort: 'low' }, { messages: messages([]) }).thinking).toBeDefined();
});
