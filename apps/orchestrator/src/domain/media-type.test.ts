import { describe, expect, it } from 'vitest';
import { mediaTypeOf } from './media-type.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe('mediaTypeOf', () => {
  it.each([
    ['\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'image/png'],
    ['\xff\xd8\xff\xe0\0\x10JFIF', 'image/jpeg'],
    ['GIF89a\x01\0', 'image/gif'],
    ['RIFF\x24\0\0\0WEBPVP8 ', 'image/webp'],
    ['RIFF\x24\0\0\0WAVEfmt ', 'audio/wav'],
    ['\0\0\0\x18ftypheic\0\0\0\0', 'image/heic'],
    ['\0\0\0\x18ftypisom\0\0\0\0', 'video/mp4'],
    ['OggS\0\x02\0\0\0\0\0\0\0\0aaaaaaaaaaaaaaOpusHead', 'audio/ogg'],
    ['%PDF-1.7\n', 'application/pdf'],
    ['PK\x03\x04\0\0[Content_Types].xml word/document.xml', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['PK\x03\x04\0\0photos/1.jpg', 'application/zip'],
    ['BM\x36\0\0\0\0\0\0\0\x36', 'image/bmp'],
    ['\x7fELF\x02\x01\x01', 'application/octet-stream'],
  ])('knows a file by its bytes, whatever it is called: %j', (content, mediaType) => {
    expect(mediaTypeOf(bytes(content), 'notes.txt')).toBe(mediaType);
  });

  it.each([
    ['notes.md', 'text/markdown'], ['data.JSON', 'application/json'], ['a.csv', 'text/csv'], ['page.html', 'text/plain'], ['picture.svg', 'text/plain'], ['cat.png', 'text/plain'], ['', 'text/plain'], ['a.constructor', 'text/plain'],
  ])('takes the kind of a text from its name: %s', (name, mediaType) => {
    expect(mediaTypeOf(new TextEncoder().encode('BM, Grüße\t<b>\n'), name)).toBe(mediaType);
  });

  it('takes nothing for text that is not UTF-8, or has characters that no text has', () => {
    for (const content of ['caf\xe9', 'a\0b', '\x01']) expect(mediaTypeOf(bytes(content), 'a.txt')).toBe('application/octet-stream');
  });
});
