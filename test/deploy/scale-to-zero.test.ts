import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey, startNexusApart, type AppName, type Nexus } from '../e2e/nexus-apart.js';
import { hasKubectl, overlay } from './manifests.js';
import { runMain } from './run-main.js';

interface Trigger {
  readonly stream: string;
  readonly consumerGroup: string;
  readonly lagCount?: string;
  readonly activationLagCount?: string;
}

let nexus: Nexus;
let redis: Redis;
const triggers = new Map<string, readonly Trigger[]>();

beforeAll(async () => {
  if (!hasKubectl) return;
  for (const { kind, metadata, spec } of await overlay('dev')) {
    if (kind === 'ScaledObject') triggers.set(metadata.name, (spec?.triggers ?? []).filter(({ type }) => type === 'redis-streams').map((trigger) => trigger.metadata as unknown as Trigger));
  }
  nexus = await startNexusApart();
  redis = new Redis(nexus.redisUrl);
}, 120_000);
afterAll(async () => {
  redis?.disconnect();
  await nexus?.stop();
});

/** What KEDA's scaler reads: lag out of XINFO GROUPS, what is under way out of XPENDING; active when that is more than its activation. */
async function isActive(app: AppName): Promise<boolean> {
  const answers = (triggers.get(app) ?? []).map(async ({ stream, consumerGroup, lagCount, activationLagCount = '0' }) => {
    if (lagCount === undefined) return Number(((await redis.xpending(stream, consumerGroup)) as [number])[0]) > 0;
    const groups = (await redis.xinfo('GROUPS', stream)) as unknown[][];
    const group = groups.find((fields) => fields[1] === consumerGroup);
    return Number(group?.[group.indexOf('lag') + 1] ?? -1) > Number(activationLagCount);
  });
  return (await Promise.all(answers)).includes(true);
}

async function publish(id: string, text: string): Promise<void> {
  const payload = JSON.stringify({ text, surface: 'terminal', chatId: 'sleepy' });
  const metadata = JSON.stringify({ 'content-type': 'application/json', authorization: `Bearer ${apiKey}` });
  await redis.xadd('requests.incoming', '*', 'id', id, 'type', 'nexus.run.v1.IncomingRequest', 'payload', payload, 'metadata', metadata, 'correlation_id', id);
}

const answered = async (id: string): Promise<boolean> => ((await redis.xrange('requests.processed', '-', '+')) as [string, string[]][]).some(([, fields]) => fields.includes(id));

describe.skipIf(!hasKubectl)(`scaling to zero and back${hasKubectl ? '' : ' (skipped: no kubectl on the PATH)'}`, () => {
  it.each(['provider-router', 'tool-executor'] as const)('one message wakes %s, which then may sleep again', { timeout: 90_000 }, async (app) => {
    await expect.poll(() => isActive(app), { timeout: 20_000 }).toBe(false);
    await nexus.services[app].kill('SIGTERM');
    expect(await isActive(app)).toBe(false);
    const id = `wake-${app}`;
    await publish(id, 'What is 17.5% of 1,280, and what time is it in Tokyo?');
    await expect.poll(() => isActive(app), { timeout: 10_000 }).toBe(true); // KEDA starts a replica
    expect(await answered(id)).toBe(false);
    await nexus.services[app].restart();
    await nexus.ready(app);
    await expect.poll(() => answered(id), { timeout: 60_000 }).toBe(true);
    await expect.poll(() => isActive(app), { timeout: 20_000 }).toBe(false); // and ends it
  });

  it('a group that nobody ever read with has a lag once --prepare made it', { timeout: 60_000 }, async () => {
    await redis.del('tools.execute');
    await nexus.services['tool-executor'].kill('SIGTERM');
    const url = new URL(nexus.databaseUrl);
    expect(await runMain('tool-executor', ['--prepare'], { ...nexus.environment, DATABASE_ADMIN_URL: url.href })).toMatchObject({ code: 0 });
    expect(await isActive('tool-executor')).toBe(false);
    await redis.xadd('tools.execute', '*', 'id', 'first', 'payload', '{}');
    expect(await isActive('tool-executor')).toBe(true);
  });
});
