import { newId } from '@nexus/core';
import { expect, it } from 'vitest';
import { fileIdOf, fileUri } from './stored-file.js';

it('reads back the address that it writes, and nothing else', () => {
  const id = newId();
  expect(fileIdOf(fileUri(id))).toBe(id);
  for (const uri of ['', id, 'https://x/y.png', 'nexus:file/', 'nexus:file/../../etc', `nexus:file/${id}/more`, `NEXUS:file/${id}`]) expect(fileIdOf(uri)).toBeUndefined();
});
