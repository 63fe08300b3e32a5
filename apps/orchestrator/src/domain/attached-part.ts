import { create } from '@bufbuild/protobuf';
import { ImageSchema, fileIdOf, type Attachment, type Part } from '@nexus/contracts';
import { isSeen } from './file-kinds.js';

/**
 * What a model gets of something attached: a picture that it can be shown (one that a provider can fetch, one that is in its address, a stored
 * one, whose bytes the router puts in), what a stored text file says, or that it is there.
 */
export function attachedPart(attachment: Attachment): Part['kind'] {
  const { name, mediaType, uri, text } = attachment;
  if (isPicture(attachment)) return { case: 'image', value: create(ImageSchema, { url: uri, mediaType }) };
  if (text !== '') return { case: 'text', value: fileText(attachment) };
  return { case: 'text', value: `[attached, cannot be read yet: ${name || uri} (${mediaType || 'unknown type'})]` };
}

function isPicture({ mediaType, uri }: Attachment): boolean {
  return fileIdOf(uri) === undefined ? mediaType.startsWith('image/') && /^(?:https|data):/.test(uri) : isSeen(mediaType);
}

function fileText({ name, mediaType, bytes, text }: Attachment): string {
  const told = new TextEncoder().encode(text).length;
  const much = BigInt(told) < bytes ? `, the first ${told} of ${bytes} bytes` : '';
  return `[attached file: ${name} (${mediaType}${much})]\n${text}\n[end of ${name}]`;
}
