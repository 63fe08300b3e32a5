import { expect, it } from 'vitest';
import { checkedPersonName } from './person-name.js';

it('takes a name without the blanks around it', () => {
  expect(checkedPersonName(' Zoë Müller ')).toBe('Zoë Müller');
});

it.each([['nothing', ' '], ['too long a name', 'x'.repeat(101)], ['a control character', 'a\u0000b'], ['what looks like an id', '0190D8A0-0000-7000-8000-00000000000A']])('refuses %s', (_what, name) => {
  expect(() => checkedPersonName(name)).toThrow(expect.objectContaining({ code: 'invalid_person', param: 'name', status: 400 }));
});
