import { expect, it } from 'vitest';
import { maskSecrets } from './mask-secrets.js';

it.each([
  ['Incorrect API key provided: sk-proj-abc***xyz. See docs.', undefined, 'Incorrect API key provided: *** See docs.'],
  ['bad key my-own-opaque-key!', 'my-own-opaque-key', 'bad key ***!'],
  ['header was Authorization: Bearer abc.def-123', undefined, 'header was Authorization: Bearer ***'],
  ['GET https://x/y?key=AIzaSyA1234567890&a=1 failed', undefined, 'GET https://x/y?key=***&a=1 failed'],
  ['AIzaSyA1234567890 is not valid', undefined, '*** is not valid'],
  ['gsk_1234567890 and xai-1234567890', undefined, '*** and ***'],
  ['two\nlines\u0000here', undefined, 'two lines here'],
  ['risk-free and task-1234 stay', undefined, 'risk-free and task-1234 stay'],
])('%j is shown as masked', (text, key, shown) => {
  expect(maskSecrets(text, key)).toBe(shown);
});

it('keeps a message to a readable length', () => {
  expect(maskSecrets('x'.repeat(10_000), undefined).length).toBe(603);
});
