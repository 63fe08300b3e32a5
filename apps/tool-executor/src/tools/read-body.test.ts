import { Readable } from 'node:stream';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readBody } from './read-body.js';

const signal = new AbortController().signal;

describe('readBody', () => {
  it('takes a body of exactly the limit and refuses one byte more', async () => {
    expect((await readBody(Readable.from([Buffer.alloc(60), Buffer.alloc(40)]), '', 100, signal)).length).toBe(100);
    await expect(readBody(Readable.from([Buffer.alloc(60), Buffer.alloc(41)]), '', 100, signal)).rejects.toMatchObject({ code: 'page_too_large' });
    await expect(readBody(Readable.from([gzipSync(Buffer.alloc(101))]), 'GZIP', 100, signal)).rejects.toMatchObject({ code: 'page_too_large' });
  });

  it('stops inflating at the limit, however much there is to come', async () => {
    const megabyte = gzipSync(Buffer.alloc(1024 * 1024));
    let taken = 0;
    const endless = function* (): Generator<Buffer> {
      for (;;) {
        taken++;
        yield megabyte;
      }
    };
    const body = Readable.from(endless());
    await expect(readBody(body, 'gzip', 4 * 1024 * 1024, signal)).rejects.toMatchObject({ code: 'page_too_large' });
    // The streams read ahead, but the compressed bytes alone reach the limit only after thousands.
    expect(taken).toBeLessThan(1_000);
    expect(body.destroyed).toBe(true);
  });

  it('refuses a small brotli body that inflates beyond the limit', async () => {
    const bomb = brotliCompressSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(1_000);
    await expect(readBody(Readable.from([bomb]), 'br', 100_000, signal)).rejects.toMatchObject({ code: 'page_too_large' });
  });

  it('counts compressed bytes too, so that members without content do not go on for ever', async () => {
    const empty = gzipSync('');
    const endless = function* (): Generator<Buffer> {
      for (;;) yield empty;
    };
    await expect(readBody(Readable.from(endless()), 'gzip', 10_000, signal)).rejects.toMatchObject({ code: 'page_too_large' });
  });

  it("ends with the caller's reason when the caller gives up", async () => {
    const caller = new AbortController();
    const reading = readBody(new Readable({ read: () => {} }), 'gzip', 100, caller.signal);
    caller.abort(new Error('gave up'));
    await expect(reading).rejects.toThrow('gave up');
  });
});
