/** Another revision of this repository, built below a folder of its own, with the installed packages of this one. */
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../../../scripts/files.mjs';
import { nodeBinary, root, run, ScriptError } from '../../../scripts/process.mjs';

async function done(result, what) {
  const { code, output } = await result;
  if (code !== 0) throw new ScriptError(`${what}:\n${output}`);
}

/** Unpacks and compiles `revision` into `folder`. Packages that it needs and that are not installed here make it fail. */
export async function buildRevision(revision, folder) {
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, '..', 'source.tar');
  await done(git('archive', `--output=${archive}`, revision), `git archive ${revision}`);
  await done(run('tar', ['-xf', archive, '-C', folder]), 'tar');
  linkPackages(folder);
  await done(run(nodeBinary(), [join(root, 'node_modules/typescript7/bin/tsc'), '-b', folder, '--pretty', 'false']), `${revision} does not compile`);
}

/** Everything installed is shared; the packages of the workspace are the revision's own. */
function linkPackages(folder) {
  const target = join(folder, 'node_modules');
  mkdirSync(join(target, '@nexus'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@nexus') symlinkSync(join(root, 'node_modules', name), join(target, name));
  }
  for (const parent of ['libs', 'apps']) {
    for (const name of readdirSync(join(folder, parent))) {
      const own = join(folder, parent, name);
      if (!existsSync(join(own, 'package.json'))) continue;
      symlinkSync(own, join(target, JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')).name));
      const nested = join(root, parent, name, 'node_modules');
      if (existsSync(nested)) symlinkSync(nested, join(own, 'node_modules'));
    }
  }
}
