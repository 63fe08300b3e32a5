import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { secretText, signatureHeaders } from './standard-signature.js';

const secret = randomBytes(32);
const message = { id: 'event-1', atMs: Date.now(), body: '{"specversion":"1.0","text":"schön \\ud83d\\ude00 😀"}' };

describe('signatureHeaders', () => {
  it('are what an independent implementation of Standard Webhooks accepts', () => {
    const receiver = new Webhook(secretText(secret));
    expect(receiver.verify(message.body, { ...signatureHeaders(secret, message) })).toEqual(JSON.parse(message.body));
  });

  it('are the ones that it makes itself', () => {
    const at = new Date(message.atMs);
    expect(signatureHeaders(secret, message)['webhook-signature']).toBe(new Webhook(secretText(secret)).sign(message.id, at, message.body));
  });

  it.each([
    ['another body', { body: `${message.body} ` }],
    ['another id', { id: 'event-2' }],
    ['another time', { atMs: message.atMs + 1_000 }],
  ])('do not fit %s', (_what, change) => {
    const headers = { ...signatureHeaders(secret, { ...message, ...change }), 'webhook-id': message.id, 'webhook-timestamp': String(Math.floor(message.atMs / 1_000)) };
    expect(() => new Webhook(secretText(secret)).verify(message.body, headers)).toThrow();
  });

  it('do not fit another secret, nor a message of long ago', () => {
    expect(() => new Webhook(secretText(randomBytes(32))).verify(message.body, { ...signatureHeaders(secret, message) })).toThrow();
    const old = { ...message, atMs: message.atMs - 3_600_000 };
    expect(() => new Webhook(secretText(secret)).verify(message.body, { ...signatureHeaders(secret, old) })).toThrow(/too old/i);
  });
});
