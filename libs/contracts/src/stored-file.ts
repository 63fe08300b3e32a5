import { isUuid } from '@nexus/core';

/** Most bytes of a stored file. */
export const MAX_FILE_BYTES = 20 * 1_048_576;

const PREFIX = 'nexus:file/';

/** The address of a stored file in messages. */
export function fileUri(id: string): string {
  return PREFIX + id;
}

/** The id of the stored file at this address; undefined for an address of anything else. */
export function fileIdOf(uri: string): string | undefined {
  const id = uri.slice(PREFIX.length);
  return uri.startsWith(PREFIX) && isUuid(id) ? id : undefined;
}
