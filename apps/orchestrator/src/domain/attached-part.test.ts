import { create } from '@bufbuild/protobuf';
import { AttachmentSchema, type Attachment } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { attachedPart } from './attached-part.js';

const STORED = 'nexus:file/0190d8a0-0000-7000-8000-00000000000a';
const part = (attachment: Partial<Omit<Attachment, '$typeName'>>) => attachedPart(create(AttachmentSchema, attachment));

describe('attachedPart', () => {
  it.each(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])('shows a stored picture that models see, by its address alone: %s', (mediaType) => {
    expect(part({ uri: STORED, mediaType, name: 'cat', bytes: 7n })).toMatchObject({ case: 'image', value: { url: STORED, mediaType } });
  });

  it.each(['image/heic', 'image/tiff', 'application/pdf', 'audio/ogg'])('names a stored file that they do not: %s', (mediaType) => {
    expect(part({ uri: STORED, mediaType, name: 'it', bytes: 7n })).toEqual({ case: 'text', value: `[attached, cannot be read yet: it (${mediaType})]` });
  });

  it('tells what a text file says, and how much of it that is', () => {
    expect(part({ uri: STORED, mediaType: 'text/csv', name: 'a.csv', bytes: 5n, text: 'é;1\n' })).toEqual({ case: 'text', value: '[attached file: a.csv (text/csv)]\né;1\n\n[end of a.csv]' });
    expect(part({ uri: STORED, mediaType: 'text/plain', name: 'a.txt', bytes: 900n, text: 'abc' })).toMatchObject({ value: '[attached file: a.txt (text/plain, the first 3 of 900 bytes)]\nabc\n[end of a.txt]' });
  });
});
