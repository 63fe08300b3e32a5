import { describe, expect, it } from 'vitest';
import { plainArray, textArray } from './array-literal.js';

describe('array literals', () => {
  it('joins what needs no quotes', () => {
    expect(plainArray([1, 2n, true])).toBe('{1,2,true}');
    expect(plainArray([])).toBe('{}');
  });

  it('quotes only the texts that need it', () => {
    expect(textArray(['openai', '', undefined, 'NULL', 'a,b', 'say "hi"', 'back\\slash', '{x}', 'ü', 'gpt-4o'])).toBe(
      '{openai,"",NULL,"NULL","a,b","say \\"hi\\"","back\\\\slash","{x}","ü",gpt-4o}',
    );
  });
});
