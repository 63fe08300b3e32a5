import { create } from '@bufbuild/protobuf';
import { StoredFileSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { fileHeaders, fileJson } from './file-json.js';

const file = create(StoredFileSchema, { id: '0190d8a0-0000-7000-8000-00000000000a', name: 'Grüße "für" (dich).txt', mediaType: 'text/plain', bytes: 7n, createdAt: 1_763_600_000_000n, expiresAt: 1_766_192_000_000n });

it('shows a file with its address, and times in seconds', () => {
  expect(fileJson(file)).toEqual({
    id: file.id, object: 'file', uri: `nexus:file/${file.id}`, name: file.name, media_type: 'text/plain', bytes: 7, created_at: 1_763_600_000, expires_at: 1_766_192_000,
  });
});

it('hands a file out to be saved, under its own name, whatever that is', () => {
  expect(fileHeaders(file)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': "attachment; filename=\"Gr__e _f_r_ (dich).txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22f%C3%BCr%22%20%28dich%29.txt",
    'x-content-type-options': 'nosniff',
  });
});
