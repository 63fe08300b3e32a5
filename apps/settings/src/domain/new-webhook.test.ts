import { describe, expect, it } from 'vitest';
import { checkedNewWebhook } from './new-webhook.js';

const good = { name: 'alerts', url: 'https://example.com/hooks?for=nexus#part', types: ['run.finished', 'budget.reached', 'run.finished'] };

describe('checkedNewWebhook', () => {
  it('keeps each type once, and of the URL what is sent to the receiver', () => {
    expect(checkedNewWebhook(good, false)).toEqual({ name: 'alerts', url: 'https://example.com/hooks?for=nexus', types: ['run.finished', 'budget.reached'] });
  });

  it('takes plain http only where the operator allows it', () => {
    const plain = { ...good, url: 'http://127.0.0.1:3000/' };
    expect(checkedNewWebhook(plain, true).url).toBe('http://127.0.0.1:3000/');
    expect(() => checkedNewWebhook(plain, false)).toThrow('must begin with https://.');
  });

  it.each([
    ['no name', { name: '' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(101) }, 'name'],
    ['a name with control characters', { name: 'a\nb' }, 'name'],
    ['a name that looks like an id', { name: '0190d8a0-0000-7000-8000-00000000dead' }, 'name'],
    ['no absolute URL', { url: 'example.com/hook' }, 'url'],
    ['a URL that is too long', { url: `https://example.com/${'x'.repeat(2_048)}` }, 'url'],
    ['another scheme', { url: 'ftp://example.com/' }, 'url'],
    ['a password in the URL', { url: 'https://me:secret@example.com/' }, 'url'],
    ['a type that nobody raises', { types: ['run.finished', 'run.started'] }, 'types'],
    ['a type that every object has', { types: ['constructor'] }, 'types'],
  ])('refuses %s and names the field', (_what, change, param) => {
    expect(() => checkedNewWebhook({ ...good, ...change }, true)).toThrow(expect.objectContaining({ code: 'invalid_webhook', status: 400, param }));
  });

  it('does not repeat the password of a URL that it refuses', () => {
    expect(() => checkedNewWebhook({ ...good, url: 'https://me:hunter2@example.com/' }, true)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }));
  });
});
