import { create } from '@bufbuild/protobuf';
import { ModelSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { anthropicModels } from './anthropic-models.js';
import { listed } from './model-list.js';

const model = (id: string, mode = 'chat', contextWindow = 0n) => create(ModelSchema, { id, provider: id.split('/')[0] ?? '', mode, contextWindow });
const all = listed([model('a/one', 'chat', 8_000n), model('a/two'), model('a/vectors', 'embedding'), model('b/three')], ['default']);
const page = (query: Partial<Parameters<typeof anthropicModels>[1]>) => anthropicModels(all, { limit: 20, after_id: undefined, before_id: undefined, ...query });
const ids = (query: Partial<Parameters<typeof anthropicModels>[1]>): string[] => page(query).data.map(({ id }) => id);

it('lists what answers messages, with what is known of it', () => {
  expect(page({})).toMatchObject({
    data: [
      { type: 'model', id: 'agent/default', display_name: 'agent/default', max_input_tokens: null },
      { id: 'a/one', max_input_tokens: 8_000, max_tokens: null, created_at: '1970-01-01T00:00:00Z' },
      { id: 'a/two' },
      { id: 'b/three' },
    ],
    has_more: false, first_id: 'agent/default', last_id: 'b/three',
  });
});

it('turns pages forwards and backwards', () => {
  expect(page({ limit: 2 })).toMatchObject({ has_more: true, last_id: 'a/one' });
  expect(ids({ limit: 2, after_id: 'a/one' })).toEqual(['a/two', 'b/three']);
  expect(page({ limit: 2, after_id: 'a/one' }).has_more).toBe(false);
  expect(ids({ limit: 2, before_id: 'b/three' })).toEqual(['a/one', 'a/two']);
  expect(page({ limit: 2, before_id: 'b/three' }).has_more).toBe(true);
  expect(page({ limit: 2, before_id: 'a/two' }).has_more).toBe(false);
});

it('refuses an id that is not in the list', () => {
  expect(() => page({ after_id: 'a/vectors' })).toThrow(expect.objectContaining({ status: 400, param: 'after_id' }));
});
