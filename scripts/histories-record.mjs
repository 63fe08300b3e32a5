/** `npm run histories:record [-- --name NAME]`: records the histories of this version; those of others stay, for what they hold must replay for ever. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './bootstrap.mjs';
import { childEnvironment, main, root, run, ScriptError, tool } from './process.mjs';
import { ensureRedisServer } from './redis-server.mjs';

const folder = 'apps/orchestrator/test';

await main(async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { values } = parseArgs({ options: { name: { type: 'string', default: version } } });
  if (!/^\d[\w.-]*$/.test(values.name)) throw new ScriptError('--name begins with the version, for example 1.2.0-queues');
  const file = join(folder, 'histories', `${values.name}.jsonl.gz`);
  if (existsSync(join(root, file))) throw new ScriptError(`${file} is there, and what was recorded is never replaced. Raise the version in package.json, or give another name: npm run histories:record -- --name ${version}-2`);
  await ensureInstalled();
  await ensureRedisServer();
  const args = ['run', join(root, folder, 'record-histories.service.test.ts'), '--disable-console-intercept'];
  return (await run(tool('vitest'), args, { live: true, env: childEnvironment({ NEXUS_HISTORIES: values.name }) })).code;
});
