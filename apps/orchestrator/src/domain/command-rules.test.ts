import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CommandSchema, IncomingRequestSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { checkCommand, commandNames } from './command-rules.js';

const check = (command: { readonly name: string; readonly argument?: string }, more: MessageInitShape<typeof IncomingRequestSchema> = {}) =>
  checkCommand(create(IncomingRequestSchema, Object.assign({ surface: 'telegram', chatId: '5', sender: { id: '7' } }, more)), create(CommandSchema, { name: command.name, argument: command.argument ?? '' }));

it('takes every command, its argument without the blanks around it', () => {
  for (const name of commandNames) expect(check({ name, argument: ' x ' })).toEqual({ name, argument: 'x' });
  expect(check({ name: 'cost' }, { chatId: '', sender: undefined })).toEqual({ name: 'cost', argument: '' });
});

it.each([
  ['a word that is none', { name: 'reboot' }, {}, 'command.name'],
  ['a text beside it', { name: 'new' }, { text: 'and say hi' }, 'text'],
  ['no place', { name: 'new' }, { chatId: '' }, 'chat_id'],
  ['no account to link', { name: 'link', argument: 'ABC' }, { sender: undefined }, 'sender.id'],
  ['too long an argument', { name: 'link', argument: 'x'.repeat(513) }, {}, 'command.argument'],
  ['what Postgres cannot hold', { name: 'model', argument: 'a\u0000' }, {}, 'command.argument'],
])('refuses %s', (_what, command, more, param) => {
  expect(() => check(command, more)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param }));
});
