import { create } from '@bufbuild/protobuf';
import { ModelSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { agentNames, findModel, listed, modelList } from './model-list.js';

const models = [create(ModelSchema, { id: 'openai/gpt-4o', provider: 'openai' }), create(ModelSchema, { id: 'bench/fake*x', provider: 'bench', isPattern: true })];

describe('modelList', () => {
  it('lists agents and models in the shape of OpenAI, and no patterns', () => {
    expect(modelList(models, ['default'])).toEqual([
      { id: 'agent/default', object: 'model', created: 0, owned_by: 'nexus' },
      { id: 'openai/gpt-4o', object: 'model', created: 0, owned_by: 'openai' },
    ]);
  });
});

describe('listed', () => {
  it('has what stands for models before them, and models of every mode', () => {
    const all = [['a/small', 'a', 'chat'], ['a/vectors', 'a', 'embedding'], ['auto', 'nexus', 'chat'], ['fast', 'nexus', 'chat']].map(([id = '', provider = '', mode = '']) => create(ModelSchema, { id, provider, mode }));
    expect(listed(all, ['default']).map(({ id, owner }) => `${id} of ${owner}`)).toEqual(['agent/default of nexus', 'auto of nexus', 'fast of nexus', 'a/small of a', 'a/vectors of a']);
  });
});

describe('findModel', () => {
  it.each(['agent/default', 'openai/gpt-4o', 'gpt-4o', 'bench/fake-1-x', 'fakex'])('finds %s', (id) => {
    expect(findModel(models, ['default'], id)).toMatchObject({ id });
  });
  it.each(['agent/other', 'gpt-4', 'openai/fake-1-x', 'bench/fake-1', 'fake'])('does not find %s', (id) => {
    expect(findModel(models, ['default'], id)).toBeUndefined();
  });
});

describe('agentNames', () => {
  it('knows the default agent and those that settings configure, each once', () => {
    expect(agentNames(['agent.research.model', 'agent.research.instructions', 'agent.', 'other.x.y'])).toEqual(['default', 'research']);
  });
});
