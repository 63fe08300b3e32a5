import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline/promises';
import { AppError } from '@nexus/core';
import type { Terminal } from './terminal.js';

type Asked = Pick<Terminal, 'isInteractive' | 'note'>;

/** A line that the person at the terminal writes. Throws AppError `option_missing` where there is nobody to ask. */
export async function askLine(terminal: Asked, question: string, option: string): Promise<string> {
  if (!terminal.isInteractive) throw new AppError('option_missing', `${option} is missing, and there is no terminal to ask for it.`, { status: 400, param: option });
  const input = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await input.question(`${question}: `)).trim();
  } finally {
    input.close();
  }
}

/** A secret from standard input: all of it, or in a terminal one line that is not shown. */
export async function readSecret(terminal: Asked, name: string): Promise<string> {
  if (!process.stdin.isTTY) return text(process.stdin);
  terminal.note(`Paste the key for ${name} and press Enter; it is not shown.`);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const input = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await input.question('');
  } finally {
    input.close();
  }
}
