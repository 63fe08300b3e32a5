import { describe, expect, it } from 'vitest';
import type { HostLookup } from '@nexus/runtime/outside';
import { resolveTarget, type PagePolicy } from './page-target.js';

const policy: PagePolicy = { ports: [80, 443], allowHosts: ['wiki.test:8080', '[::1]:80'] };
const signal = new AbortController().signal;
const answers = (...addresses: string[]): HostLookup => async () => addresses;
const noLookup: HostLookup = async (hostname) => {
  throw new Error(`must not look up ${hostname}`);
};

describe('resolveTarget', () => {
  it('gives the addresses of a public host, looked up once', async () => {
    let lookups = 0;
    const target = await resolveTarget(
      'https://Example.test/a?b=1#c',
      policy,
      async (hostname) => {
        lookups++;
        return hostname === 'example.test' ? ['93.184.216.34', '2606:2800:21f:cb07::1'] : [];
      },
      signal,
    );
    expect(target.url.href).toBe('https://example.test/a?b=1');
    expect(target.addresses).toEqual([
      { address: '93.184.216.34', family: 4 },
      { address: '2606:2800:21f:cb07::1', family: 6 },
    ]);
    expect(lookups).toBe(1);
  });

  it.each([
    'http://127.0.0.1/', 'http://127.1/', 'http://2130706433/', 'http://0x7f.0.0.1/', 'http://0177.0.0.1/', 'http://0/', 'http://[::]/', 'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/', 'http://[64:ff9b::169.254.169.254]/', 'http://[fe80::1]/', 'http://[fd00:ec2::254]/', 'http://169.254.169.254/latest/meta-data/', 'http://10.0.0.1/',
    'http://①②⑦.0.0.1/', 'https://192.168.1.1/', 'http://100.64.0.1/',
  ])('refuses %s without asking anybody', async (url) => {
    await expect(resolveTarget(url, policy, noLookup, signal)).rejects.toMatchObject({ code: 'page_forbidden', status: 403, isRetryable: false });
  });

  it.each([
    ['a private address', ['10.0.0.1']],
    ['a private address among public ones', ['93.184.216.34', '127.0.0.1']],
    ['a private address in IPv6', ['::ffff:192.168.0.1']],
    ['the metadata address', ['169.254.169.254']],
    ['an address with a zone', ['fe80::1%eth0']],
    ['something that is no address', ['somewhere']],
  ])('refuses a name that resolves to %s', async (_, addresses) => {
    await expect(resolveTarget('https://innocent.test/', policy, answers(...addresses), signal)).rejects.toMatchObject({ code: 'page_forbidden' });
  });

  it('judges every resolution anew: public first, private then', async () => {
    const rebinding = [['93.184.216.34'], ['127.0.0.1']];
    const lookup: HostLookup = async () => rebinding.shift() ?? [];
    const first = await resolveTarget('https://rebind.test/', policy, lookup, signal);
    expect(first.addresses).toEqual([{ address: '93.184.216.34', family: 4 }]);
    await expect(resolveTarget('https://rebind.test/', policy, lookup, signal)).rejects.toMatchObject({ code: 'page_forbidden' });
  });

  it.each([
    ['http://wiki.test:8080/', '10.0.0.1'],
    ['http://WIKI.test:8080/x', '127.0.0.1'],
    ['http://[::1]/', '::1'],
  ])('reads the allowed %s at %s', async (url, address) => {
    expect((await resolveTarget(url, policy, answers(address), signal)).addresses).toMatchObject([{ address }]);
  });

  it.each(['http://wiki.test/', 'http://wiki.test:8081/', 'http://sub.wiki.test:8080/', 'http://wiki.test.:8080/', 'http://[::1]:8080/'])('does not take %s for an allowed host', async (url) => {
    await expect(resolveTarget(url, policy, answers('10.0.0.1'), signal)).rejects.toMatchObject({ code: 'page_forbidden' });
  });

  it.each(['http://example.test:22/', 'https://example.test:6379/', 'http://93.184.216.34:8080/'])('refuses the port of %s', async (url) => {
    await expect(resolveTarget(url, policy, answers('93.184.216.34'), signal)).rejects.toThrow(/is not open to this tool \(open: 80, 443\)/);
  });

  it.each([
    ['', 'absolute URL'],
    ['example.test/page', 'absolute URL'],
    ['http://', 'absolute URL'],
    [`https://example.test/${'x'.repeat(2_048)}`, 'absolute URL of at most 2048'],
    ['ftp://example.test/', 'http:// or https://'],
    ['file:///etc/passwd', 'http:// or https://'],
    ['javascript:alert(1)', 'http:// or https://'],
    ['https://user@example.test/', 'user name or password'],
    ['https://:secret@example.test/', 'user name or password'],
  ])('refuses the URL %.40s', async (url, message) => {
    await expect(resolveTarget(url, policy, noLookup, signal)).rejects.toMatchObject({ code: 'invalid_url', message: expect.stringContaining(message) as string });
  });

  it.each<[string, HostLookup]>([
    ['the lookup fails', async () => Promise.reject(new Error('ENOTFOUND'))],
    ['there is no address', answers()],
  ])('says that a host could not be found when %s', async (_, lookup) => {
    await expect(resolveTarget('https://gone.test/', policy, lookup, signal)).rejects.toMatchObject({ code: 'page_unresolvable', isRetryable: true });
  });

  it('does not wait for a lookup when the caller gives up', async () => {
    const caller = new AbortController();
    const resolving = resolveTarget('https://slow.test/', policy, () => new Promise(() => {}), caller.signal);
    caller.abort(new Error('gave up'));
    await expect(resolving).rejects.toThrow('gave up');
  });
});
