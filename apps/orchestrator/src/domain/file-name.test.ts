import { expect, it } from 'vitest';
import { fileName } from './file-name.js';

it.each([
  ['Grüße.pdf', 'Grüße.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\temp\\a.txt', 'a.txt'],
  ['two\nlines\u202e.txt', 'two lines .txt'],
  ['', 'file'],
  ['/', 'file'],
  ['x'.repeat(300), 'x'.repeat(255)],
  ['\ud800.txt', '\ufffd.txt'],
])('makes of %j %j', (name, made) => {
  expect(fileName(name)).toBe(made);
});
