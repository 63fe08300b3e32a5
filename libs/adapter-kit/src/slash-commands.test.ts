import { expect, it } from 'vitest';
import { helpText, parseSlashCommand } from './slash-commands.js';

it.each([
  ['/new', { name: 'new', argument: '' }],
  ['/model fast', { name: 'model', argument: 'fast' }],
  ['/model@some_bot  openai/gpt-5  ', { name: 'model', argument: 'openai/gpt-5' }],
  ['/LINK abcd-1234', { name: 'link', argument: 'abcd-1234' }],
  ['/start', { name: 'help', argument: '' }],
  ['/start payload', { name: 'help', argument: 'payload' }],
])('%s is a command', (text, command) => expect(parseSlashCommand(text)).toEqual(command));

it.each(['/unknown', 'please /stop', '/', '/newer', '/new/er', '/constructor', 'hello', ''])('%s is an ordinary message', (text) => expect(parseSlashCommand(text)).toBeUndefined());

it('tells all commands in its help', () => {
  for (const name of ['new', 'stop', 'model', 'cost', 'link', 'claim', 'help']) expect(helpText()).toContain(`/${name}`);
});
