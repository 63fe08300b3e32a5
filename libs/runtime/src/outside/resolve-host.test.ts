import { describe, expect, it } from 'vitest';
import { resolveHost, type HostLookup } from './resolve-host.js';

const signal = new AbortController().signal;
const answers = (...addresses: string[]): HostLookup => async () => addresses;
const resolve = (hostname: string, lookup: HostLookup, mayBePrivate = false) => resolveHost(hostname, { lookup, signal, mayBePrivate });
const noLookup: HostLookup = async (hostname) => {
  throw new Error(`must not look up ${hostname}`);
};

describe('resolveHost', () => {
  it('gives all addresses of a public host', async () => {
    expect(await resolve('example.test', answers('93.184.216.34', '2606:2800:21f:cb07::1'))).toEqual({
      kind: 'found', addresses: [{ address: '93.184.216.34', family: 4 }, { address: '2606:2800:21f:cb07::1', family: 6 }],
    });
  });

  it.each([['127.0.0.1', 'loopback'], ['[::1]', 'loopback'], ['169.254.169.254', 'metadata'], ['[::ffff:10.0.0.1]', 'private']])('refuses %s (%s) without asking anybody', async (hostname, addressClass) => {
    expect(await resolve(hostname, noLookup)).toEqual({ kind: 'not-public', addressClass });
  });

  it('refuses a name with one private address among public ones, and lets it pass when somebody vouches for it', async () => {
    const lookup = answers('93.184.216.34', '10.0.0.1');
    expect(await resolve('mixed.test', lookup)).toEqual({ kind: 'not-public', addressClass: 'private' });
    expect(await resolve('mixed.test', lookup, true)).toMatchObject({ kind: 'found', addresses: [{ family: 4 }, { address: '10.0.0.1' }] });
  });

  it('lets nothing pass that is no address, whoever vouches', async () => {
    expect(await resolve('odd.test', answers('fe80::1%eth0'), true)).toEqual({ kind: 'not-public', addressClass: 'unassigned' });
  });

  it('says that it does not know a host without addresses, or when nobody can be asked', async () => {
    const cause = new Error('ENOTFOUND');
    expect(await resolve('gone.test', answers())).toEqual({ kind: 'unknown', cause: undefined });
    expect(await resolve('gone.test', async () => Promise.reject(cause))).toEqual({ kind: 'unknown', cause });
  });

  it('does not wait for a lookup when the caller gives up', async () => {
    const caller = new AbortController();
    const resolving = resolveHost('slow.test', { lookup: () => new Promise(() => {}), signal: caller.signal, mayBePrivate: false });
    caller.abort(new Error('gave up'));
    await expect(resolving).rejects.toThrow('gave up');
  });
});
