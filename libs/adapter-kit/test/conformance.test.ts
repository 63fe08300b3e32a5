import { PaperPlatform, adapterConformance } from '../src/index.js';
import { describe, it } from 'vitest';

describe.each([
  ['a platform that edits', { edits: true }],
  ['a platform that only posts', { edits: false }],
  ['a platform of short messages', { maxTextLength: 300 }],
  ['a platform without files', { files: false }],
])('%s', (_name, options) => {
  for (const { name, run } of adapterConformance({ start: async () => new PaperPlatform(options).conformance() })) it(name, run, 70_000);
});
