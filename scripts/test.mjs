/** `npm test`: every check a change must pass, what CI runs. `-- --list` names them, `-- --only lint,unit` runs some. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, seconds } from './bootstrap.mjs';
import { build } from './checks/build.mjs';
import { deploy } from './checks/deploy.mjs';
import { faults } from './checks/faults.mjs';
import { fileSize } from './checks/file-size.mjs';
import { documentation, generated } from './checks/generated.mjs';
import { lint } from './checks/lint.mjs';
import { protoBreaking, protoLint } from './checks/proto.mjs';
import { requirements } from './checks/requirements.mjs';
import { secrets } from './checks/secrets.mjs';
import { suites } from './checks/suites.mjs';
import { unused } from './checks/unused.mjs';
import { main, ScriptError } from './process.mjs';
import { offerPrometheus } from './prometheus-server.mjs';
import { ensureRedisServer } from './redis-server.mjs';

/** A check has `name`, `title` and `run(context)` -> `{ isOk, detail?, output?, passed?, failed? }`. */
const checks = [build, lint, protoLint, protoBreaking, generated, documentation, deploy, unused, fileSize, secrets, ...suites, faults, requirements];

function select(only) {
  if (only === undefined) return checks;
  const names = only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) throw new ScriptError(`no check is called ${unknown.join(', ')}; there are: ${checks.map(({ name }) => name).join(', ')}`);
  return checks.filter(({ name }) => names.includes(name));
}

async function runCheck(check, context) {
  const startedAt = Date.now();
  console.log(`\n--- ${check.name}: ${check.title}`);
  const folder = join(context.folder, check.name);
  mkdirSync(folder);
  const result = await check.run({ ...context, folder }).catch((error) => ({ isOk: false, output: String(error.message ?? error) }));
  if (!result.isOk && result.output) console.log(result.output.trimEnd());
  const line = `${result.isOk ? 'ok    ' : 'FAILED'} ${check.name} (${seconds(startedAt)})${result.detail ? `: ${result.detail}` : ''}`;
  console.log(line);
  return { ...result, line };
}

async function runChecks(selected) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-test-'));
  const context = { folder, passedNames: [], areAllSuitesRun: suites.every((suite) => selected.includes(suite)) };
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const results = [];
  for (const check of selected) {
    const result = await runCheck(check, context);
    results.push(result);
    if (!result.isOk && check.stopsOnFailure) break;
  }
  return results;
}

await main(async () => {
  const { values } = parseArgs({ options: { only: { type: 'string' }, list: { type: 'boolean' } } });
  if (values.list) {
    for (const { name, title } of checks) console.log(`${name.padEnd(16)}${title}`);
    return 0;
  }
  const selected = select(values.only);
  const startedAt = Date.now();
  await ensureInstalled();
  if (selected.some(({ needsRedis }) => needsRedis)) await ensureRedisServer();
  if (selected.some(({ name }) => name === 'e2e')) await offerPrometheus();
  const results = await runChecks(selected);

  console.log(`\n=== summary, after ${seconds(startedAt)}`);
  for (const { line } of results) console.log(line);
  const notRun = selected.slice(results.length).map(({ name }) => name);
  if (notRun.length > 0) console.log(`not run, because the build failed: ${notRun.join(', ')}`);
  const passed = results.reduce((sum, result) => sum + (result.passed ?? (result.isOk ? 1 : 0)), 0);
  const failed = results.reduce((sum, result) => sum + (result.failed ?? (result.isOk ? 0 : 1)), 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
