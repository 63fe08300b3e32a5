import { styleText } from 'node:util';
import type { Paint } from './format/paint.js';

/** Where a command writes: what was asked for to standard output, everything about it to standard error. */
export interface Terminal {
  /** Text as it is. */
  write(text: string): void;
  line(text?: string): void;
  lines(lines: readonly string[]): void;
  /** A line that is not part of the result. */
  note(text: string): void;
  /** For lines of standard output. */
  readonly paint: Paint;
  /** Whether a person can be asked. */
  readonly isInteractive: boolean;
}

/** The terminal of this process. Whoever stops reading (`| head`) ends it quietly. */
export function processTerminal(): Terminal {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const write = (text: string): void => void process.stdout.write(text);
  const lines = (all: readonly string[]): void => write(all.map((line) => `${line}\n`).join(''));
  return {
    write,
    lines,
    line: (text = '') => write(`${text}\n`),
    note: (text) => void process.stderr.write(`${styleText('dim', text, { stream: process.stderr })}\n`),
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
    isInteractive: process.stdin.isTTY && process.stdout.isTTY,
  };
}
