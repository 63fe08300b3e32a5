import { expect, it } from 'vitest';
import { discordSigns } from './discord-signs.js';

const shown = (content: string): string => discordSigns(content).map(({ sign, styles }) => (styles.length === 0 ? sign : `${sign}{${styles.join('+')}}`)).join('');

it.each([
  ['a **b** *c* ~~d~~', 'a b{bold} c{italic} d{strike}'],
  ['**a *b***', 'a{bold} {bold}b{bold+italic}'],
  [String.raw`\*a\* \_ \\ \> b`, String.raw`*a* _ \ > b`],
  ['`*a*` ``b`c``', '*{code}a{code}*{code} b{code}`{code}c{code}'],
  ['```ts\n*a*\n```', '*{pre}a{pre}*{pre}'],
  ['[a\\]](<https://x.y/*>)', 'a{link}]{link}'],
  ['https://x.y/a_b*c', 'https://x.y/a_b*c'],
  ['> a\nb', 'a{quote}\n{quote}b'],
  ['a\u200b👩‍🚀', 'a👩‍🚀'],
])('reads %j', (content, expected) => {
  expect(shown(content)).toBe(expected);
});

it.each(['**a', 'a*', '`a', '- a', '# a', 'x\n1. a', '||a||', '<@1>'])('refuses %j, which shows what nobody meant', (content) => {
  expect(() => discordSigns(content)).toThrow(/mark|without an end/);
});
