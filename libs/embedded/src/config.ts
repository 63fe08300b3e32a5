import { delimiter } from 'node:path';

/** The folders of PATH, in their order. */
export function searchPath(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
}

/** The whole environment a private server gets: nothing of ours leaks into it, and its messages are in English. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}
