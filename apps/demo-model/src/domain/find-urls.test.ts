import { expect, it } from 'vitest';
import { findUrls } from './find-urls.js';

it.each([
  ['read https://example.com.', ['https://example.com']],
  ['(see http://example.com/a?b=c#d)', ['http://example.com/a?b=c#d']],
  ['https://en.wikipedia.org/wiki/Nexus_(disambiguation), please', ['https://en.wikipedia.org/wiki/Nexus_(disambiguation)']],
  ['"https://a.example" and <https://b.example/x> and https://a.example', ['https://a.example', 'https://b.example/x']],
  ['ftp://example.com, example.com and http://', []],
])('%s', (text, urls) => {
  expect(findUrls(text).map((it) => it.url)).toEqual(urls);
});
