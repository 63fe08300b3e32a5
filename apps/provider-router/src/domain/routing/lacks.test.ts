import { expect, it } from 'vitest';
import type { ModelConfig } from '../provider-config.js';
import { lackOf, type Demand } from './lacks.js';
import { modelOf } from './models.fixture.js';
import type { RequestTraits } from './request-traits.js';

const plain: RequestTraits = {
  hasTools: false, hasImages: false, hasFiles: false, hasAudio: false, hasSchema: false, reasoning: 'none', characters: 100, images: 0, toolCount: 0, messages: 1, question: 'x', maxOutputTokens: undefined,
};
const demand = (more: Partial<RequestTraits> = {}, mode: Demand['mode'] = 'chat'): Demand => ({ mode, traits: () => ({ ...plain, ...more }), bytes: more.characters ?? plain.characters });

it.each<[string, Partial<ModelConfig>, Demand, string | undefined]>([
  ['what is not known counts as able', {}, demand({ hasTools: true, hasImages: true, hasSchema: true, hasFiles: true, hasAudio: true }), undefined],
  ['tools', { supports: { tools: false } }, demand({ hasTools: true }), 'it takes no tools'],
  ['no tools are asked for', { supports: { tools: false } }, demand(), undefined],
  ['images', { supports: { vision: false } }, demand({ hasImages: true }), 'it takes no images'],
  ['a schema', { supports: { jsonSchema: false } }, demand({ hasSchema: true }), 'it cannot answer by a JSON schema'],
  ['files', { supports: { files: false } }, demand({ hasFiles: true }), 'it takes no files'],
  ['audio', { supports: { audio: false } }, demand({ hasAudio: true }), 'it takes no audio'],
  ['an input beyond its context', { contextWindow: 1_000 }, demand({ characters: 4_400 }), 'its context of 1000 tokens is too small for about 1100 of input'],
  ['an input within it', { contextWindow: 1_000 }, demand({ characters: 4_000 }), undefined],
  ['input and output together', { contextWindow: 1_000, maxOutputTokens: 500 }, demand({ characters: 2_400, maxOutputTokens: 9_999 }), 'its context of 1000 tokens is too small for about 600 of input and 500 of output'],
  ['messages', { mode: 'embedding' }, demand(), 'it makes embeddings only'],
  ['embeddings', {}, demand({}, 'embedding'), 'it makes no embeddings'],
  ['embeddings of a model for them', { mode: 'embedding' }, demand({}, 'embedding'), undefined],
])('%s', (_what, model, asked, lack) => {
  expect(lackOf(modelOf(model), asked)).toBe(lack);
});

it('does not look into a request that any model of its size can serve', () => {
  const untouched: Demand = { mode: 'chat', bytes: 10, traits: () => { throw new Error('looked into'); } };
  expect(lackOf(modelOf({ contextWindow: 1_000, supports: { tools: true } }), untouched)).toBeUndefined();
});
