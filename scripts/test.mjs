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

/**
 * A check has `name`, `title` and `run(context)` -> `{ isOk, detail?, output?, passed?, failed? }`. `stopsOnFailure`: nothing has a meaning without it.
 * `waits`: it leaves processors idle, so that others may run beside it. `isLast`: it needs them for itself, or what the others found.
 */
const checks = [build, lint, protoLint, protoBreaking, generated, documentation, deploy, unused, fileSize, secrets, ...suites, faults, requirements];

function select(only) {
  if (only === undefined) return checks;
  const names = only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) throw new ScriptError(`no check is called ${unknown.join(', ')}; there are: ${checks.map(({ name }) => name).join(', ')}`);
  return checks.filter(({ name }) => names.includes(name));
}

/** @param context `isLive`: what the check prints is shown as it comes; else only what failed, when it is over. */
async function runCheck(check, context) {
  const startedAt = Date.now();
  if (context.isLive) console.log(`\n--- ${check.name}: ${check.title}`);
  const folder = join(context.folder, check.name);
  mkdirSync(folder);
  const result = await check.run({ ...context, folder }).catch((error) => ({ isOk: false, output: String(error.message ?? error) }));
  if (!context.isLive && !result.isOk) console.log(`\n--- ${check.name}: ${check.title}`);
  if (!result.isOk && result.output) console.log(result.output.trimEnd());
  const line = `${result.isOk ? 'ok    ' : 'FAILED'} ${check.name} (${seconds(startedAt)})${result.detail ? `: ${result.detail}` : ''}`;
  console.log(line);
  return { ...result, line };
}

async function runChecks(selected) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-test-'));
  const context = { folder, passedNames: [], areAllSuitesRun: suites.every((suite) => selected.includes(suite)) };
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const results = new Map();
  const runAll = async (some, isLive) => {
    for (const check of some) results.set(check, await runCheck(check, { ...context, isLive }));
  };
  const isNext = (check) => !results.has(check);
  for (const check of selected.filter(({ stopsOnFailure }) => stopsOnFailure)) {
    await runAll([check], true);
    if (!results.get(check).isOk) return results;
  }
  // tests with servers mostly wait: what only computes runs beside them
  const waiting = selected.filter(({ waits }) => waits);
  const computing = selected.filter((check) => isNext(check) && !check.waits && !check.isLast);
  await Promise.all([runAll(waiting, true), runAll(computing, waiting.length === 0)]);
  await runAll(selected.filter(isNext), true);
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
  for (const check of selected) if (results.has(check)) console.log(results.get(check).line);
  const notRun = selected.filter((check) => !results.has(check)).map(({ name }) => name);
  if (notRun.length > 0) console.log(`not run, because the build failed: ${notRun.join(', ')}`);
  const sum = (of) => [...results.values()].reduce((all, result) => all + of(result), 0);
  const passed = sum((result) => result.passed ?? (result.isOk ? 1 : 0));
  const failed = sum((result) => result.failed ?? (result.isOk ? 0 : 1));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
