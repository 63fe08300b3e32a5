import { create, toBinary } from '@bufbuild/protobuf';
import { IncomingRequestSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { shownEntry } from './shown-entry.js';

/** As a dead letter keeps an entry's fields. */
function raw(...fields: (string | Uint8Array)[]): Buffer {
  return Buffer.concat(fields.flatMap((field) => {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  }));
}

const shown = (bytes: Buffer, channel = 'requests.incoming') => {
  const { fields, problem } = shownEntry(channel, bytes);
  return { problem, ...Object.fromEntries(fields.map(({ name, value }) => [name, value])) };
};

const payload = toBinary(IncomingRequestSchema, create(IncomingRequestSchema, { text: 'hello' }));
const authorized = JSON.stringify({ authorization: 'Bearer nxs_secret_key', 'reply-to': 'me' });

describe('shownEntry', () => {
  it('decodes a payload, and masks who published', () => {
    expect(shown(raw('id', 'm-1', 'payload', payload, 'metadata', authorized))).toEqual({
      problem: '', id: 'm-1', payload: '{"text":"hello"}', metadata: '{"authorization":"(secret)","reply-to":"me"}',
    });
  });

  it('shows bytes as they are, and says why they cannot be decoded', () => {
    const bytes = Uint8Array.from([0xff, 0x00]);
    expect(shown(raw('id', 'm-1', 'payload', bytes, 'metadata', '{}'))).toMatchObject({ problem: expect.stringContaining('payload is not'), payload: Buffer.from(bytes) });
    expect(shown(raw('nonsense', 'x'))).toEqual({ problem: expect.stringContaining('field id'), nonsense: 'x' });
    expect(shown(raw('id', 'm-1'), 'no.channel')).toEqual({ problem: expect.stringContaining('no channel no.channel'), id: 'm-1' });
    expect(shown(Buffer.from([1, 2]))).toEqual({ problem: expect.stringContaining('not the fields of an entry') });
  });

  it.each([
    ['metadata that is no JSON', ['metadata', '{authorization: Bearer nxs_secret_key}']],
    ['metadata that is no object', ['metadata', '"nxs_secret_key"']],
    ['metadata with another spelling', ['metadata', '{"Authorization":"secret_key"}']],
    ['a field of its own', ['authorization', 'Bearer secret_key']],
    ['a field with any other name', ['note', 'my key is nxs_secret_key.']],
    ['a payload', ['payload', toBinary(IncomingRequestSchema, create(IncomingRequestSchema, { text: 'nxs_secret_key' })), 'id', 'm-1']],
    ['a payload that cannot be decoded', ['payload', '{"text": nxs_secret_key']],
  ])('shows no key that stands in %s', (_where, fields) => {
    expect(JSON.stringify(shown(raw(...fields)))).not.toContain('secret_key');
  });
});
