import { AppError } from '@nexus/core';
import type { ChannelName } from '@nexus/contracts';
import { decodeEnvelope } from './envelope.js';
import type { Message } from './message.js';

const LENGTH_BYTES = 4;

/** An entry's fields as one buffer that loses nothing: each name and value as a 4-byte big-endian length and its bytes. */
export function packRaw(fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields.flatMap((field) => {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(field.length);
    return [length, field];
  }));
}

/** The names and values, in turn, of which `packRaw` made these bytes. Throws an AppError `malformed_raw` when it did not. */
export function unpackRaw(raw: Buffer): readonly Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < raw.length; ) {
    if (at + LENGTH_BYTES > raw.length) throw malformed();
    const end = at + LENGTH_BYTES + raw.readUInt32BE(at);
    if (end > raw.length) throw malformed();
    fields.push(raw.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  if (fields.length === 0 || fields.length % 2 === 1) throw malformed();
  return fields;
}

/** The message of a dead letter's bytes. Throws an AppError: `malformed_raw`, or what `decodeEnvelope` throws. */
export function decodeRaw<C extends ChannelName>(channel: C, raw: Buffer, entryId = '0-0'): Message<C> {
  return decodeEnvelope(channel, { id: entryId, fields: unpackRaw(raw), deliveries: 1 });
}

function malformed(): AppError {
  return new AppError('malformed_raw', 'These bytes are not the fields of an entry.', { status: 400, param: 'raw' });
}
