import { describe, expect, it } from 'vitest';
import { RespDecoder, type RespValue } from './resp-decoder.js';
import { RespEncoder } from './resp-encoder.js';

const replies = '*2\r\n$3\r\nkey\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nd\r\n$4\r\n\r\n\r\n\r\n+OK\r\n:-12\r\n$-1\r\n*-1\r\n*0\r\n-ERR bad thing\r\n$0\r\n\r\n';

function decode(chunks: readonly Buffer[]): unknown[] {
  const out: RespValue[] = [];
  const decoder = new RespDecoder((reply) => out.push(reply));
  for (const chunk of chunks) decoder.feed(chunk);
  const plain = (value: RespValue): unknown => (Buffer.isBuffer(value) ? value.toString() : value instanceof Error ? `error ${value.message}` : Array.isArray(value) ? value.map(plain) : value);
  return out.map(plain);
}

describe('RespDecoder', () => {
  const expected = [['key', [['1-1', ['d', '\r\n\r\n']]]], 'OK', -12, null, null, [], 'error ERR bad thing', ''];

  it('reads every kind of reply', () => {
    expect(decode([Buffer.from(replies)])).toEqual(expected);
  });

  it('reads the same wherever the bytes are cut', () => {
    const bytes = Buffer.from(replies);
    for (let cut = 1; cut < bytes.length; cut++) expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
    expect(decode(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it('takes a large string in time that grows with its size, not with its square', () => {
    const size = 64 * 1024 * 1024;
    const piece = Buffer.alloc(16 * 1024, 'x');
    const out: RespValue[] = [];
    const decoder = new RespDecoder((reply) => out.push(reply));
    const began = performance.now();
    decoder.feed(Buffer.from(`*2\r\n$${size}\r\n`));
    for (let sent = 0; sent < size; sent += piece.length) decoder.feed(piece);
    decoder.feed(Buffer.from('\r\n$1\r\n'));
    decoder.feed(Buffer.from('y\r\n'));
    expect(performance.now() - began).toBeLessThan(2_000);
    const [[large, small]] = out as [[Buffer, Buffer]];
    expect([large.length, large.at(0), large.at(-1), small.toString()]).toEqual([size, 120, 120, 'y']);
  });

  it('refuses what is no RESP', () => {
    expect(() => decode([Buffer.from('HTTP/1.1 400\r\n')])).toThrow('RESP2');
  });
});

describe('RespEncoder', () => {
  it('writes lengths in bytes, grows, and begins anew', () => {
    const encoder = new RespEncoder(16);
    encoder.command('SET', 'ü', Buffer.from([0, 255]), 12);
    expect(encoder.commands).toBe(1);
    expect(encoder.take().toString('latin1')).toBe(Buffer.from('*4\r\n$3\r\nSET\r\n$2\r\nü\r\n$2\r\n\x00').toString('latin1') + '\xff\r\n$2\r\n12\r\n');
    encoder.command('x'.repeat(100));
    expect(encoder.take().toString()).toBe(`*1\r\n$100\r\n${'x'.repeat(100)}\r\n`);
  });

  it('never changes what was taken', () => {
    const encoder = new RespEncoder(64);
    const taken = Array.from({ length: 50 }, (_, i) => {
      encoder.command('SET', `key ${i}`, Buffer.alloc(i, i));
      return encoder.take();
    });
    taken.forEach((bytes, i) => {
      const lone = new RespEncoder(64);
      lone.command('SET', `key ${i}`, Buffer.alloc(i, i));
      expect(bytes.equals(lone.take())).toBe(true);
    });
  });
});
