/** The files of the project, as git sees them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, ScriptError } from './process.mjs';

/** Paths relative to the root of tracked files and of new ones that git does not ignore. */
export async function projectFiles(...patterns) {
  const result = await git('ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...patterns);
  if (result.code !== 0) throw new ScriptError(`this check reads the list of files from git:\n${result.output}`);
  return [...new Set(result.stdout.split('\0'))].filter((path) => path !== '' && existsSync(join(root, path))).sort();
}

/** Runs git in the workspace; resolves to `{ code, stdout, output }`. */
export const git = (...args) => run('git', args);
