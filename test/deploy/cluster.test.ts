import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { Health, HealthCheckResponse_ServingStatus as Status } from '@nexus/contracts';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey, serviceToken, startNexusApart, type AppName, type Nexus } from '../e2e/nexus-apart.js';
import { hasKubectl, overlay, type Container, type Probe } from './manifests.js';
import { runMain } from './run-main.js';

interface Trigger {
  readonly stream: string;
  readonly consumerGroup: string;
  readonly lagCount?: string;
  readonly activationLagCount?: string;
}

let nexus: Nexus;
let redis: Redis;
const containers = new Map<AppName, Container>();
const triggers = new Map<string, readonly Trigger[]>();

beforeAll(async () => {
  if (!hasKubectl) return;
  for (const { kind, metadata, spec } of await overlay('dev')) {
    for (const container of spec?.template?.spec.containers ?? []) {
      const app = /^apps\/([\w-]+)\/dist\/main\.js$/.exec(container.args?.[0] ?? '')?.[1];
      if (app !== undefined) containers.set(app as AppName, container);
    }
    if (kind === 'ScaledObject') triggers.set(metadata.name, (spec?.triggers ?? []).filter(({ type }) => type === 'redis-streams').map((trigger) => trigger.metadata as unknown as Trigger));
  }
  nexus = await startNexusApart();
  redis = new Redis(nexus.redisUrl);
}, 120_000);
afterAll(async () => {
  redis?.disconnect();
  await nexus?.stop();
});

/** Asks as the kubelet does, but at the port of the process that runs here. */
async function ask(url: string, probe: Probe | undefined): Promise<string> {
  if (probe?.httpGet) return String((await fetch(`${url}${probe.httpGet.path}`)).status);
  if (probe?.grpc) return Status[(await createClient(Health, createGrpcTransport({ baseUrl: url })).check({ service: '' })).status] ?? '';
  return 'no probe';
}

describe.skipIf(!hasKubectl)(`what Kubernetes asks a running NEXUS${hasKubectl ? '' : ' (skipped: no kubectl on the PATH)'}`, () => {
  it('OPS-1 every probe of every service is answered well', async () => {
    expect([...containers.keys()].sort()).toEqual(['demo-model', 'gateway', 'orchestrator', 'provider-router', 'settings', 'tool-executor', 'usage']);
    for (const [app, container] of containers) {
      for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
        expect(await ask(nexus.urls[app], container[kind]), `${app} ${kind}`).toMatch(/^(200|SERVING)$/);
      }
    }
  });

  it('every service shows its metrics where the ServiceMonitors look, the gateway to whoever has the token', async () => {
    for (const app of containers.keys()) {
      if (app === 'demo-model') continue;
      const response = await fetch(`${nexus.urls[app]}/metrics`, { headers: { 'x-forwarded-for': '10.0.0.9', ...(app === 'gateway' && { authorization: `Bearer ${serviceToken}` }) } });
      expect(response.status, app).toBe(200);
    }
    expect((await fetch(`${nexus.urls.gateway}/metrics`, { headers: { 'x-forwarded-for': '10.0.0.9' } })).status).toBe(401);
  });
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
