import { create } from '@bufbuild/protobuf';
import { ModelSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { isModelNamed } from './named-model.js';

const models = [
  { id: 'auto', provider: 'nexus', mode: 'chat' }, { id: 'openai/gpt-4o', provider: 'openai', mode: 'chat' },
  { id: 'local/llama*', provider: 'local', mode: 'chat', isPattern: true }, { id: 'openai/embed', provider: 'openai', mode: 'embedding' },
].map((model) => create(ModelSchema, model));

it.each(['auto', 'openai/gpt-4o', 'gpt-4o', 'local/llama-3', 'llama-3'])('finds %s', (name) => {
  expect(isModelNamed(models, name)).toBe(true);
});

it.each(['', 'gpt', 'gpt-4o ', 'openai/embed', 'embed', 'local/llama 3', 'local/llama*x\n'])('does not find %j', (name) => {
  expect(isModelNamed(models, name)).toBe(false);
});
