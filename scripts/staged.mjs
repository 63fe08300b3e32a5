/** What the pre-commit hook runs: secretlint on every staged file, eslint on the staged sources. */
import { isInstalled } from './bootstrap.mjs';
import { git } from './files.mjs';
import { main, run, ScriptError, tool } from './process.mjs';

await main(async () => {
  if (!isInstalled()) throw new ScriptError('dependencies are not installed: run `npm ci` first, or commit with --no-verify');
  const { stdout } = await git('diff', '--cached', '--name-only', '--diff-filter=ACMR', '-z');
  const files = stdout.split('\0').filter((path) => path !== '');
  const sources = files.filter((path) => /\.(ts|mjs)$/.test(path));
  const results = await Promise.all([
    files.length > 0 ? run(tool('secretlint'), ['--no-glob', ...files]) : undefined,
    sources.length > 0 ? run(tool('eslint'), ['--max-warnings', '0', '--no-warn-ignored', ...sources]) : undefined,
  ]);
  const failed = results.filter((result) => result !== undefined && result.code !== 0);
  for (const { output } of failed) console.error(output.trimEnd());
  return failed.length > 0 ? 1 : 0;
});
