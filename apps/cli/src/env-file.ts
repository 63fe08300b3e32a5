import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { AppError } from '@nexus/core';

/** The text of a .env file with the variable set; another line of the same variable is replaced, everything else stays. */
function withVariable(text: string, name: string, value: string): string {
  const line = `${name}=${quoted(value)}`;
  const lines = text.split('\n');
  const isOurs = (other: string): boolean => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(other);
  if (lines.some(isOurs)) return lines.map((other) => (isOurs(other) ? line : other)).join('\n');
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
}

/** Sets a variable in a .env file, which only its owner may read from then on. The file is never half written. */
export function setVariable(file: string, name: string, value: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, withVariable(existsSync(file) ? readFileSync(file, 'utf8') : '', name, value), { mode: 0o600 });
  renameSync(draft, file);
}

/** A secret as it was pasted, without the blanks around it. Throws AppError `invalid_key` when it cannot be one. */
export function checkedSecret(text: string): string {
  const secret = text.trim();
  if (!/^[\x21-\x7e]+$/.test(secret)) throw new AppError('invalid_key', 'A key is one line of printable characters without blanks; nothing was changed.', { status: 400 });
  return secret;
}

function quoted(value: string): string {
  if (/^[\w.:/+=@-]*$/.test(value)) return value;
  const quote = ['"', "'", '`'].find((mark) => !value.includes(mark));
  if (quote === undefined || value.includes('\\')) throw new AppError('invalid_key', 'This value cannot stand in .env: set it in the environment instead.', { status: 400 });
  return quote + value + quote;
}
