import { describe, expect, it } from 'vitest';
import { signPublisher, verifyPublisher } from './publisher-signature.js';

const token = 'service-token-of-the-tests';
const publisher = { tenantId: '0190d8a0-0000-7000-8000-00000000000a', keyId: '0190d8a0-0000-7000-8000-0000000000ff', client: 'Müller, Söhne = & Co', project: '' };

describe('a publisher that a service vouches for', () => {
  const signed = signPublisher(token, publisher, 'message-1');

  it('is read back as it was, for that message', () => {
    expect(verifyPublisher(token, signed, 'message-1')).toEqual(publisher);
  });

  it('is worth nothing on another message, with another token, or changed', () => {
    expect(verifyPublisher(token, signed, 'message-2')).toBeUndefined();
    expect(verifyPublisher('another-token-of-tests', signed, 'message-1')).toBeUndefined();
    expect(verifyPublisher(token, signed.replace('00000a', '00000b'), 'message-1')).toBeUndefined();
    expect(verifyPublisher(token, signed.replace('project=', 'project=x'), 'message-1')).toBeUndefined();
  });

  it.each(['', 'Bearer nxs_abc', 'Nexus ', 'Nexus tenant=,key=,client=%,project=,sig=', `${signed}x,`, signed.slice(0, -4)])('is not read out of %j', (text) => {
    expect(verifyPublisher(token, text, 'message-1')).toBeUndefined();
  });

  it('says whether the key is an adapter\'s, which nobody can leave out or add', () => {
    const ofSurface = { ...publisher, isSurface: true };
    const withKind = signPublisher(token, ofSurface, 'message-1');
    expect(verifyPublisher(token, withKind, 'message-1')).toStrictEqual(ofSurface);
    expect(verifyPublisher(token, withKind.replace('kind=surface,', ''), 'message-1')).toBeUndefined();
    expect(verifyPublisher(token, signed.replace('sig=', 'kind=surface,sig='), 'message-1')).toBeUndefined();
  });

  it('does not hold the token', () => {
    expect(signed).not.toContain(token);
  });
});
