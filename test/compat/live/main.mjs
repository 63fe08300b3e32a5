/**
 * `npm run compat:live [-- --from <revision>]`: an upgrade and its rollback with messages in flight. The previous release and today's run side by
 * side, from their own builds, on one Redis and one Postgres, while messages and completions come without a pause:
 * previous alone, both, today's alone, both, previous alone. Every message is answered once. Takes about four minutes.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema } from '@nexus/contracts';
import { startDemoModel } from '@nexus/demo-model/module';
import { startPostgres, startRedis } from '@nexus/embedded';
import { childEnvironment, main, nodeBinary, root, run, ScriptError } from '../../../scripts/process.mjs';
import { buildRevision } from './previous-build.mjs';
import { apps, startAddress, startRelease, variable } from './replicas.mjs';
import { startTraffic } from './traffic.mjs';

const key = 'nxs_compat_live_key_0123456789';
const startedAt = Date.now();
const say = (text) => console.log(`${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${text}`);

/** What is wrong with what came back, one sentence each. */
function problemsOf({ sent, answers, completions }) {
  const problems = [];
  const counts = Map.groupBy(answers, ({ correlationId }) => correlationId);
  for (const id of sent.keys()) {
    const own = counts.get(id) ?? [];
    if (own.length !== 1) problems.push(`${id} has ${own.length} answers`);
    for (const { payload } of own) {
      const { outcome, error } = fromBinary(ProcessedRequestSchema, payload);
      if (outcome !== Outcome.ANSWERED) problems.push(`${id} ended as ${Outcome[outcome]} ${error?.code ?? ''}`);
    }
  }
  const last = new Map();
  for (const { correlationId } of answers) {
    const { thread, n } = sent.get(correlationId) ?? { n: -1 };
    if (n < (last.get(thread) ?? -1)) problems.push(`${correlationId} was answered out of turn`);
    last.set(thread, n);
  }
  return [...problems, ...completions.flatMap((outcome, n) => (outcome === 'answered' ? [] : [`completion ${n}: ${outcome}`]))];
}

await main(async () => {
  const { values } = parseArgs({ options: { from: { type: 'string' } } });
  const release = JSON.parse(readFileSync(join(root, 'test/compat/previous/release.json'), 'utf8'));
  const revision = values.from ?? release.commit;
  const folder = mkdtempSync(join(tmpdir(), 'nexus-compat-live-'));
  const before = join(folder, 'previous');
  say(`building ${revision.slice(0, 12)} ...`);
  await buildRevision(revision, before);

  const [postgres, redis, model] = await Promise.all([startPostgres({ persistent: false, settings: { max_connections: 300 } }), startRedis({ appendonly: true, dataDir: join(folder, 'redis') }), startDemoModel({ host: '127.0.0.1', port: 0 })]);
  const addresses = Object.fromEntries(await Promise.all(apps.map(async (app) => [app, await startAddress()])));
  try {
    const environment = {
      ...childEnvironment(),
      ...Object.fromEntries(apps.map((app) => [`${variable(app)}_URL`, `http://127.0.0.1:${addresses[app].port}`])),
      REDIS_URL: redis.url, DATABASE_URL: postgres.url(), NEXUS_SERVICE_TOKEN: 'service-token-of-compat-live', NEXUS_DEV_API_KEY: key,
      NEXUS_DEMO_MODEL_URL: model.url, NEXUS_LOG_LEVEL: 'warn',
    };
    const today = { ...environment, NEXUS_MIGRATE: 'false' };
    let old = await startRelease(before, 'previous', environment, addresses);
    await delay(1_000);
    const traffic = await startTraffic({ redisUrl: redis.url, gatewayPort: addresses.gateway.port, key });
    const phase = async (text, ms = 10_000) => {
      say(`${text} (${traffic.sentSoFar()} messages so far)`);
      await delay(ms);
    };
    await phase('the previous release alone');
    for (const app of apps) {
      const { code, output } = await run(nodeBinary(), [join(root, 'apps', app, 'dist/main.js'), '--prepare'], { env: { ...today, DATABASE_ADMIN_URL: postgres.url() } });
      if (code !== 0) throw new ScriptError(`${app} could not be prepared:\n${output}`);
    }
    await phase('the previous release, on the schema of today');
    const now = await startRelease(root, 'today', today, addresses);
    await phase('both');
    say((await old.stop()).join(', '));
    await phase('today alone');
    old = await startRelease(before, 'previous', { ...environment, NEXUS_MIGRATE: 'false' }, addresses);
    await phase('both, on the way back');
    say((await now.stop()).join(', '));
    await phase('the previous release alone, after the rollback');
    const outcome = await traffic.end();
    const problems = problemsOf(outcome);
    say(`${outcome.sent.size} messages, ${outcome.answers.length} answers, ${outcome.completions.length} completions, ${problems.length} problems`);
    for (const problem of problems.slice(0, 40)) console.error(problem);
    if (problems.length > 0) for (const { app, output } of [...old.replicas, ...now.replicas]) console.error(`--- ${app}\n${output().slice(-1_500)}`);
    await old.stop();
    return problems.length === 0 ? 0 : 1;
  } finally {
    for (const address of Object.values(addresses)) address.close();
    await Promise.allSettled([model.close(), redis.stop(), postgres.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
});
