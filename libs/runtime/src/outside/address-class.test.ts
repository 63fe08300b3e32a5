import { describe, expect, it } from 'vitest';
import { classifyAddress, parseAddress, type AddressClass } from './address-class.js';

const classOf = (text: string): AddressClass => {
  const bytes = parseAddress(text);
  if (bytes === undefined) throw new Error(`not an address: ${text}`);
  return classifyAddress(bytes);
};

describe('classifyAddress', () => {
  it.each<[AddressClass, string]>([
    ['public', '1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0'],
    ['public', '172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255'],
    ['unspecified', '0.0.0.0'],
    ['this-network', '0.0.0.1 0.255.255.255'],
    ['private', '10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255'],
    ['carrier-nat', '100.64.0.0 100.127.255.255'],
    ['loopback', '127.0.0.1 127.0.0.0 127.255.255.255'],
    ['link-local', '169.254.0.0 169.254.169.253 169.254.255.255'],
    ['metadata', '169.254.169.254 169.254.170.2 100.100.100.200 192.0.0.192 168.63.129.16'],
    ['special-purpose', '192.0.0.0 192.0.0.255 192.31.196.1 192.52.193.1 192.175.48.1'],
    ['documentation', '192.0.2.1 198.51.100.1 203.0.113.255'],
    ['benchmarking', '198.18.0.0 198.19.255.255'],
    ['tunnel', '192.88.99.1'],
    ['multicast', '224.0.0.1 239.255.255.255'],
    ['reserved', '240.0.0.0 255.255.255.255'],
  ])('IPv4: %s are %s', (expected, addresses) => {
    for (const address of addresses.split(' ')) expect([address, classOf(address)]).toEqual([address, expected]);
  });

  it.each<[AddressClass, string]>([
    ['public', '2000::1 2606:4700:4700::1111 2a00:1450:4001::200e 2001:200::1 2003::1 3ffe:ffff::1 3fff:1000::1'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['private', 'fc00::1 fd00::1 fdff:ffff::1 fec0::1 feff::1'],
    ['metadata', 'fd00:ec2::254 fd20:ce::254'],
    ['link-local', 'fe80::1 febf::1'],
    ['multicast', 'ff02::1 ffff::1'],
    ['documentation', '2001:db8::1 3fff::1 3fff:fff:ffff::1'],
    ['benchmarking', '2001:2::1'],
    ['special-purpose', '100::1 100:0:0:1::1 2001:20::1 2001:1ff::1 2620:4f:8000::1 5f00::1'],
    ['tunnel', '2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2002::1 2002:7f00:1:: 2002:a00:1:: 64:ff9b:1::1 ::ffff:0:7f00:1 ::7f00:1 ::2'],
    ['tunnel', '2a00:1450::5efe:7f00:1 2a00:1450::200:5efe:a00:1'],
    ['unassigned', '1::1 200::1 1fff::1 4000::1 8000::1 64:ff9c::1 fe00::1'],
  ])('IPv6: %s are %s', (expected, addresses) => {
    for (const address of addresses.split(' ')) expect([address, classOf(address)]).toEqual([address, expected]);
  });

  it.each<[AddressClass, string]>([
    ['loopback', '127.0.0.1'],
    ['private', '10.1.2.3'],
    ['metadata', '169.254.169.254'],
    ['carrier-nat', '100.64.0.1'],
    ['unspecified', '0.0.0.0'],
    ['reserved', '255.255.255.255'],
    ['public', '8.8.8.8'],
  ])('a %s address, %s, stays that when mapped into IPv6 or translated by NAT64', (expected, address) => {
    expect(classOf(`::ffff:${address}`)).toBe(expected);
    expect(classOf(`64:ff9b::${address}`)).toBe(expected);
    expect(classOf(`0:0:0:0:0:FFFF:${address}`)).toBe(expected);
  });

  it('takes bytes of an address only', () => {
    expect(() => classifyAddress(new Uint8Array(5))).toThrow(RangeError);
  });
});

describe('parseAddress', () => {
  it.each([
    ['1.2.3.4', '01020304'],
    ['::', '00000000000000000000000000000000'],
    ['1::', '00010000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2::7:8', '00010002000000000000000000070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::ffff:127.0.0.1', '00000000000000000000ffff7f000001'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
    ['ABCD::EF01', 'abcd000000000000000000000000ef01'],
  ])('reads %s', (text, hex) => {
    expect(Buffer.from(parseAddress(text) ?? []).toString('hex')).toBe(hex);
  });

  it.each(['', 'localhost', '127.1', '0177.0.0.1', '2130706433', '1.2.3.4.5', '256.1.1.1', '1.2.3.4 ', 'fe80::1%eth0', ':::', '1::2::3', '[::1]', '12345::'])(
    'does not take %j for an address',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );
});
