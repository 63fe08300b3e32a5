import { expect, it } from 'vitest';
import { methodsOf } from './route-methods.js';

it('tells a wrong method from a wrong path', () => {
  expect(methodsOf('/v1/threads')).toEqual(['GET', 'POST']);
  expect(methodsOf('/v1/threads/')).toEqual(['GET', 'POST']);
  expect(methodsOf('/v1/models/openai/gpt-4o')).toEqual(['GET']);
  expect(methodsOf('/v1/runs/1/cancel')).toEqual(['POST']);
  expect(methodsOf('/v1/threads/1/runs/2')).toEqual(['GET']);
  expect(methodsOf('/v1/runs')).toBeUndefined();
  expect(methodsOf('/v2/threads')).toBeUndefined();
});
