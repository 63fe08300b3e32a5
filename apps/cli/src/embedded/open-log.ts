import { createWriteStream, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { logLine } from '../format/log-line.js';
import type { Terminal } from '../terminal.js';
import type { StopList } from './stop-list.js';

/** Where the services write their log. */
export interface OpenLog {
  readonly file: string;
  /** One line of JSON, newline included. */
  write(line: string): void;
}

/** Everything goes to `nexus.log` in the data folder; what needs somebody's eye is shown too. The log of the start before becomes `nexus.previous.log`. */
export function openLog(folder: string, terminal: Pick<Terminal, 'note'>, stops: StopList): OpenLog {
  const file = join(folder, 'nexus.log');
  if (existsSync(file)) renameSync(file, join(folder, 'nexus.previous.log'));
  const stream = createWriteStream(file, { mode: 0o600 });
  stream.on('error', () => undefined); // a full disk must not end what still works
  let isOpen = true;
  stops.add(() => {
    // What comes after is the end itself: connections that break because the servers stop.
    isOpen = false;
    return new Promise<void>((resolve) => stream.end(resolve));
  });
  return {
    file,
    write: (line) => {
      if (!isOpen) return;
      stream.write(line);
      const shown = logLine(line);
      if (shown !== undefined) terminal.note(shown);
    },
  };
}
