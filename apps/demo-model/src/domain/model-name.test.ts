import { expect, it } from 'vitest';
import { parseModelName } from './model-name.js';

it.each([
  ['demo', { delayMs: 0, chunks: undefined, chunkDelayMs: 0 }],
  ['demo;delay=50;chunks=40;chunkdelay=5', { delayMs: 50, chunks: 40, chunkDelayMs: 5 }],
  ['demo;', { delayMs: 0, chunks: undefined, chunkDelayMs: 0 }],
])('%s', (name, pace) => {
  expect(parseModelName(name)).toEqual(pace);
});

it.each(['gpt-4o', 'demo2', 'Demo', '', ';delay=1'])('knows no model %j', (name) => {
  expect(() => parseModelName(name)).toThrow(expect.objectContaining({ code: 'model_not_found', status: 404 }));
});

it.each(['demo;speed=1', 'demo;delay', 'demo;delay=-1', 'demo;delay=60001', 'demo;chunks=0', 'demo;chunks=2001', 'demo;chunkdelay=1e3', 'demo;constructor=1'])('refuses the option of %j', (name) => {
  expect(() => parseModelName(name)).toThrow(expect.objectContaining({ code: 'invalid_model_option', status: 400 }));
});
