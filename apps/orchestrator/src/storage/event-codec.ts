import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { StoredRunEventSchema, type StoredRunEvent } from '@nexus/contracts';

export const encodeEvent = (event: StoredRunEvent): Uint8Array => toBinary(StoredRunEventSchema, event);

export const decodeEvent = (payload: Uint8Array): StoredRunEvent => fromBinary(StoredRunEventSchema, payload);

/** A Postgres array literal of bytea. */
export function bytesArray(values: readonly Uint8Array[]): string {
  return `{${values.map((bytes) => `"\\\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}"`).join(',')}}`;
}
