/**
 * `npm run compat:refresh [-- --from <revision>]`: keeps the contracts of a release in test/compat/previous, with which those of today are
 * compared. To be run when a release is made, with the release as `--from`; default: the newest tag v* of HEAD.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { git } from './files.mjs';
import { main, root, run, ScriptError, tool } from './process.mjs';

const target = join(root, 'test/compat/previous');

async function ask(...args) {
  const { code, stdout, output } = await git(...args);
  if (code !== 0) throw new ScriptError(`git ${args.join(' ')}:\n${output}`);
  return stdout;
}

async function newestRelease() {
  const tag = (await ask('tag', '--merged', 'HEAD', '--sort=-version:refname', '--list', 'v[0-9]*')).trim().split('\n')[0];
  if (!tag) throw new ScriptError('no release is tagged yet: say which commit to compare with, --from <revision>');
  return tag;
}

/** The message type of each channel, from the generated table of docs/channels.md as it was then. */
function channelsOf(page) {
  const rows = [...page.matchAll(/^\| \[([\w.]+)\]\(#\w+\) \| \[([\w.]+)\]\(#\w+\) \|/gm)];
  if (rows.length === 0) throw new ScriptError('docs/channels.md of that revision has no table of channels');
  return Object.fromEntries(rows.map(([, name, type]) => [name, type]));
}

await main(async () => {
  const { values } = parseArgs({ options: { from: { type: 'string' } } });
  const commit = (await ask('rev-parse', '--verify', `${values.from ?? (await newestRelease())}^{commit}`)).trim();
  const then = (path) => ask('show', `${commit}:${path}`);
  const folder = mkdtempSync(join(tmpdir(), 'nexus-compat-'));
  try {
    await ask('archive', `--output=${join(folder, 'proto.tar')}`, commit, '--', 'proto');
    const unpacked = await run('tar', ['-xf', join(folder, 'proto.tar'), '-C', folder]);
    if (unpacked.code !== 0) throw new ScriptError(unpacked.output);
    copyFileSync(join(root, 'buf.yaml'), join(folder, 'buf.yaml'));
    mkdirSync(target, { recursive: true });
    const built = await run(tool('buf'), ['build', folder, '--exclude-source-info', '--output', join(target, 'contracts.binpb')]);
    if (built.code !== 0) throw new ScriptError(built.output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const schema = JSON.parse(await then('docs/schemas/envelope.schema.json'));
  const envelope = Object.fromEntries(Object.keys(schema.properties).map((field) => [field, { isRequired: schema.required.includes(field) }]));
  const { version } = JSON.parse(await then('package.json'));
  writeFileSync(join(target, 'release.json'), `${JSON.stringify({ version, commit, channels: channelsOf(await then('docs/channels.md')), envelope }, undefined, 2)}\n`);
  console.log(`test/compat/previous holds the contracts of ${version} (${commit.slice(0, 9)})`);
});
