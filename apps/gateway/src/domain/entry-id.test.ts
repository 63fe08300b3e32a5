import { describe, expect, it } from 'vitest';
import { entryIdBefore, isEntryAfter, isEntryId } from './entry-id.js';

describe('entry ids', () => {
  it('have the greatest id that is less', () => {
    expect(entryIdBefore('5-3')).toBe('5-2');
    expect(entryIdBefore('5-0')).toBe('4-18446744073709551615');
    expect(entryIdBefore('0-0')).toBe('0-0');
  });
  it('stand one after the other, also where text would not', () => {
    expect(isEntryAfter('10-0', '9-5')).toBe(true);
    expect(isEntryAfter('9-10', '9-9')).toBe(true);
    expect(isEntryAfter('9-9', '9-9')).toBe(false);
    expect(isEntryAfter('9-9', '10-0')).toBe(false);
  });
  it('are told from other texts', () => {
    expect(isEntryId('1763600000000-0')).toBe(true);
    expect(['', '5', '5-', 'a-b', '5-3 ', '$', '5-3\n'].some(isEntryId)).toBe(false);
  });
});
