import { describe, expect, it } from 'vitest';
import { checkedNewKey, type NewKey } from './new-key.js';

const good: NewKey = { name: 'laptop', kind: 'api', client: 'acme', project: '', surfaces: [], isAdmin: true };

describe('checkedNewKey', () => {
  it('takes a key for programs and one for adapters', () => {
    expect(checkedNewKey(good)).toEqual(good);
    expect(checkedNewKey({ ...good, kind: 'surface', isAdmin: false, surfaces: ['telegram'] }).surfaces).toEqual(['telegram']);
  });

  it.each([
    ['a missing name', { name: '' }, 'name'],
    ['a name with control characters', { name: 'a\u0007' }, 'name'],
    ['an unknown kind', { kind: undefined }, 'kind'],
    ['a surface that is no name', { surfaces: ['Tele gram'] }, 'surfaces'],
    ['a key for programs with surfaces', { surfaces: ['web'] }, 'surfaces'],
    ['an admin key for adapters', { kind: 'surface' }, 'is_admin'],
  ])('refuses %s and names the field', (_what, change, param) => {
    expect(() => checkedNewKey({ ...good, ...(change as Partial<NewKey>) })).toThrow(expect.objectContaining({ code: 'invalid_key_request', status: 400, param }));
  });
});
