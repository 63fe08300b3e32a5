import { expect, it } from 'vitest';
import { classify } from './classify.js';
import type { RequestTraits } from './request-traits.js';

const traits = (question: string, more: Partial<RequestTraits> = {}): RequestTraits => ({
  hasTools: false, hasImages: false, hasFiles: false, hasAudio: false, hasSchema: false, reasoning: 'none', characters: question.length, images: 0, toolCount: 0, messages: 1, question, maxOutputTokens: undefined, ...more,
});
const code = '```ts\nconst x = 1;\n```\n';
const vague = 'the weather over the hills and what came of it '.repeat(10);

it.each([
  ['small talk', traits('hi there'), 'fast', 0.8],
  ['a fact', traits('What is the capital of France?'), 'fast', 0.8],
  ['a mechanical task on a text', traits(`Translate into German: ${vague}`), 'fast', 0.8],
  ['an answer in a given form', traits(vague, { hasSchema: true }), 'fast', 0.6],
  ['a short question of no known kind', traits('Und was machen die Bienen im Winter so?'), 'fast', 0.6],
  ['code', traits(`Why does this fail? ${code}`), 'balanced', 0.8],
  ['a wish for code', traits('Write a function that sorts words by length, in Rust'), 'balanced', 0.8],
  ['much code that is there', traits(`Refactor this. ${code.repeat(600)}`), 'best', 0.7],
  ['hard words', traits('Think carefully: which of the two contracts is better for us?'), 'balanced', 0.6],
  ['hard words at length', traits(`Compare and contrast these. ${vague}`), 'best', 0.7],
  ['reasoning that was asked for', traits('hi', { reasoning: 'some' }), 'balanced', 0.8],
  ['much reasoning that was asked for', traits('hi', { reasoning: 'high' }), 'best', 0.9],
  ['tools', traits('Find me a flight', { hasTools: true, toolCount: 1 }), 'balanced', 0.6],
  ['small talk with an agent that has tools', traits('hi there', { hasTools: true, toolCount: 4 }), 'fast', 0.6],
  ['many tools', traits('hi', { hasTools: true, toolCount: 30 }), 'balanced', 0.8],
  ['a picture', traits('What is this?', { hasImages: true, images: 1 }), 'balanced', 0.7],
  ['a long input', traits('Summarize this.', { characters: 50_000 }), 'balanced', 0.8],
  ['a very long input', traits('Summarize this.', { characters: 300_000 }), 'best', 0.7],
])('%s', (_what, of, tier, atLeast) => {
  const said = classify(of, 'balanced');
  expect(said).toMatchObject({ tier, classifier: 'rules' });
  expect(said.confidence).toBeGreaterThanOrEqual(atLeast);
});

it.each(['fast', 'best'] as const)('says the default tier, unsurely, where no rule fits', (tier) => {
  expect(classify(traits(vague), tier)).toEqual({ tier, confidence: 0.5, reason: 'no rule fits', classifier: 'rules' });
});

it('takes no longer for a question that was made to be slow', () => {
  const slow = traits(`${'what is '.repeat(100_000)}${'`'.repeat(50_000)}${' )'.repeat(50_000)}`);
  const began = performance.now();
  for (let i = 0; i < 20; i++) classify(slow, 'fast');
  expect(performance.now() - began).toBeLessThan(1_000);
});
