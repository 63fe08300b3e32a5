import { describe, expect, it } from 'vitest';
import { withoutReplaced } from './replaced-turns.js';

const turn = (messageId: string, replaces = '') => ({ messageId, replaces });
const ids = (turns: readonly { readonly messageId: string }[]) => turns.map(({ messageId }) => messageId);

describe('withoutReplaced', () => {
  const plain = [turn('a'), turn('b'), turn('c')];

  it('gives the very turns when nothing was replaced', () => {
    expect(withoutReplaced(plain, '')).toBe(plain);
  });

  it('leaves out what is replaced now, wherever it stands', () => {
    expect(ids(withoutReplaced(plain, 'b'))).toEqual(['a', 'c']);
    expect(ids(withoutReplaced(plain, 'unknown'))).toEqual(['a', 'b', 'c']);
  });

  it('leaves out what a later turn replaced, also for those that come after', () => {
    expect(ids(withoutReplaced([turn('a'), turn('b'), turn('a again', 'a'), turn('c')], ''))).toEqual(['b', 'a again', 'c']);
  });

  it('keeps the last of several that replace one message', () => {
    const edited = [turn('a'), turn('a 2', 'a'), turn('b'), turn('a 3', 'a')];
    expect(ids(withoutReplaced(edited, ''))).toEqual(['b', 'a 3']);
    expect(ids(withoutReplaced(edited, 'a'))).toEqual(['b']);
  });

  it('does not take a turn without a message id for a replaced one', () => {
    expect(ids(withoutReplaced([turn(''), turn('b', 'a')], ''))).toEqual(['', 'b']);
  });
});
