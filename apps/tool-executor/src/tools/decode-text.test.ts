import { describe, expect, it } from 'vitest';
import { decodeText } from './decode-text.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('decodeText', () => {
  it.each<[string, Uint8Array, string | undefined, string]>([
    ['UTF-8 when nothing is said', Buffer.from('日本 é'), undefined, '日本 é'],
    ['the charset of the content type', bytes(0xe9), 'ISO-8859-1', 'é'],
    ['a Japanese encoding', bytes(0x93, 0xfa, 0x96, 0x7b), 'Shift_JIS', '日本'],
    ['a byte order mark before the content type', bytes(0xff, 0xfe, 0x41, 0x00), 'utf-8', 'A'],
    ['a mark of UTF-16, big end first', bytes(0xfe, 0xff, 0x00, 0x41), undefined, 'A'],
    ['UTF-8 without its mark', bytes(0xef, 0xbb, 0xbf, 0x41), undefined, 'A'],
    ['what HTML declares', Buffer.from('<meta charset="windows-1252">\x80', 'latin1'), undefined, '<meta charset="windows-1252">€'],
    ['what old HTML declares', Buffer.from('<meta http-equiv=x content="text/html; charset=koi8-r">\xc1', 'latin1'), undefined, '<meta http-equiv=x content="text/html; charset=koi8-r">а'],
    ['UTF-8 for an unknown name', Buffer.from('é'), 'x-no-such', 'é'],
    ['invalid bytes by replacement', bytes(0x41, 0xff), 'utf-8', 'A\ufffd'],
  ])('reads %s', (_, input, charset, text) => {
    expect(decodeText(input, charset)).toBe(text);
  });
});
