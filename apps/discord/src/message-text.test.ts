import { expect, it } from 'vitest';
import { textOf } from './message-text.js';

const bot = { userId: '100', roleId: '200' };
const anna = { id: '7', username: 'anna', global_name: 'Anna' };

it.each([
  ['<@100> hello', 'hello'],
  ['  <@!100>   <@100> hello', 'hello'],
  ['<@&200> hello', 'hello'],
  ['hello <@100>', 'hello'],
  ['what do you <@100> think?', 'what do you think?'],
  ['<@100> /new', '/new'],
  ['<@100>\n```js\nlet a\n```', '```js\nlet a\n```'],
  ['<@100>', ''],
])('leaves the mention of the bot out of %j', (content, text) => {
  expect(textOf({ content, mentions: [] }, bot)).toBe(text);
});

it('names people and emoji, and keeps what it does not know', () => {
  expect(textOf({ content: 'ask <@7> or <@8> <:party:123> <a:dance:9> 🎉', mentions: [anna] }, bot)).toBe('ask @Anna or <@8> :party: :dance: 🎉');
  expect(textOf({ content: 'a role <@&200>', mentions: [] }, { userId: '100', roleId: undefined })).toBe('a role <@&200>');
});
