import { create } from '@bufbuild/protobuf';
import { redisBus, type ChannelBus, type OutgoingMessage } from '@nexus/channels';
import { InferenceRequestSchema } from '@nexus/contracts';
import { DEVELOPMENT_TENANT_ID, newId } from '@nexus/core';
import { freePort, spawnService, startFakeProvider, waitFor, type FakeProvider, type Service } from '@nexus/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { root, startNexusApart, type Nexus } from './nexus-apart.js';

/** Short leases and waits, all of them by environment. */
const TIMES = { NEXUS_OWNER_TTL_MS: '900', NEXUS_STRAY_AFTER_MS: '500', NEXUS_ATTEMPT_SWEEP_MS: '200', NEXUS_RESOLVE_EVERY_MS: '200', NEXUS_UNKNOWN_AFTER_MS: '1500' };
const USAGE = { prompt_tokens: 123, completion_tokens: 45 };
/** At $1 and $10 for a million tokens. */
const COST = 123 + 450;

let provider: FakeProvider;
let nexus: Nexus;
let bus: ChannelBus;
let database: Client;
let folder: string;
let second: Service | undefined;

beforeAll(async () => {
  provider = await startFakeProvider();
  folder = mkdtempSync(join(tmpdir(), 'nexus-unknown-'));
  const model = (name: string, more: string) => ['  - name: ' + name, `    base_url: ${provider.url}`, '    offered_when: always', more, '    models:', `      - { id: ${name}, price: { input: 1, output: 10 }, max_output_tokens: 200 }`];
  writeFileSync(join(folder, 'providers.yaml'), ['providers:', ...model('askable', '    lookup: "{base_url}/attempts/{attempt_id}"'), ...model('silent', '    unknown: book_reserved'), ''].join('\n'));
  writeFileSync(join(folder, 'agents.yaml'), 'agents:\n  default:\n    instructions: Answer.\n    model: askable\n    tools: []\n');
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
  nexus = await startNexusApart({ NEXUS_CONFIG_DIR: folder, NEXUS_REPLICA: 'first', ...TIMES });
  bus = redisBus(nexus.redisUrl);
  database = new Client({ connectionString: nexus.databaseUrl });
  await database.connect();
});
afterEach(async () => {
  await second?.stop();
  second = undefined;
});
afterAll(async () => {
  await bus?.close();
  await database?.end();
  await nexus?.stop();
  await provider?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** Another router; with the failpoint of its first call, if one is given. */
async function startSecond(failpoint = ''): Promise<void> {
  const port = await freePort();
  const env = { ...nexus.environment, NEXUS_REPLICA: `second-${newId()}`, NEXUS_PROVIDER_ROUTER_PORT: String(port), FAILPOINT: failpoint };
  second = await spawnService({ args: [join(root, 'apps', 'provider-router', 'dist', 'main.js')], env, ready: { port }, readyWithinMs: 40_000 });
}
async function ask(model: string, more: { readonly run?: { readonly runId: string } } = {}): Promise<OutgoingMessage> {
  const body = Buffer.from(JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }));
  const payload = create(InferenceRequestSchema, { attemptId: newId(), model, input: { case: 'body', value: body }, ...more });
  const message = { channel: 'inference.request', id: payload.attemptId, tenantId: DEVELOPMENT_TENANT_ID, payload } as const;
  await bus.publish(message);
  return message;
}
const attempt = async (id: string) => (await database.query('SELECT state, owner, reserved_micro_usd::int AS reserved FROM usage.attempt WHERE id = $1', [id])).rows[0] as { state: string; owner: string; reserved: number } | undefined;
const ledger = async (id: string) => (await database.query('SELECT resolution, result, cost_micro_usd::int AS cost, is_estimated AS estimated, input_tokens::int AS input FROM usage.ledger WHERE attempt_id = $1', [id])).rows as Record<string, unknown>[];
const reserved = async () => Number((await database.query("SELECT coalesce(u.reserved_micro_usd, 0) AS reserved FROM usage.budget b LEFT JOIN usage.budget_use u ON u.tenant_id = b.tenant_id AND u.budget_id = b.id WHERE b.tenant_id = $1 AND b.name = 'development'", [DEVELOPMENT_TENANT_ID])).rows[0]?.reserved);
/** The router that has the attempt, killed; the other one, which lives. */
async function killOwner(id: string): Promise<void> {
  const { owner } = await waitFor(() => attempt(id));
  if (owner.startsWith('first ')) await nexus.services['provider-router'].kill();
  else await second?.kill();
}
async function bothAgain(): Promise<void> {
  await nexus.services['provider-router'].restart();
  await nexus.ready('provider-router');
}

describe('USE-2 a router that is killed in the midst of a call', () => {
  it('leaves an attempt that is unknown, which another router resolves to the micro-USD by asking the provider', { timeout: 60_000 }, async () => {
    await startSecond();
    provider.reply({ text: 'heard by nobody', usage: USAGE, hang: 'before-headers' });
    const { id } = await ask('askable');
    await waitFor(() => provider.attempts.has(id));
    expect(await reserved()).toBeGreaterThan(COST);
    await killOwner(id);
    await waitFor(async () => (await ledger(id)).length > 0, { timeoutMs: 15_000 });
    expect(await ledger(id)).toEqual([{ resolution: 'provider', result: 'succeeded', cost: COST, estimated: false, input: 123 }]);
    expect(await reserved()).toBe(0);
    expect(provider.attempts.get(id)?.requests).toBe(1);
    await bothAgain();
  });

  it('before it was sent, costs nothing: the provider never got it', { timeout: 60_000 }, async () => {
    await nexus.services['provider-router'].kill();
    await startSecond('router.after-open');
    const { id } = await ask('askable');
    expect(await second?.exited).toContain('SIGKILL');
    expect((await attempt(id))?.state).toBe('open');
    expect(await reserved()).toBeGreaterThan(0);
    await bothAgain();
    await waitFor(async () => (await ledger(id)).length > 0, { timeoutMs: 15_000 });
    expect(await ledger(id)).toMatchObject([{ resolution: 'provider', result: 'not_sent', cost: 0 }]);
    expect(await reserved()).toBe(0);
    expect(provider.attempts.has(id)).toBe(false);
  });

  it('whose provider cannot be asked is booked with what was reserved', { timeout: 60_000 }, async () => {
    await startSecond();
    provider.reply({ text: 'heard by nobody', usage: USAGE, hang: 'before-headers' });
    const { id } = await ask('silent');
    await waitFor(() => provider.attempts.has(id));
    await killOwner(id);
    const before = await attempt(id);
    await waitFor(async () => (await ledger(id)).length > 0, { timeoutMs: 15_000 });
    expect(await ledger(id)).toMatchObject([{ resolution: 'policy', cost: before?.reserved, estimated: true }]);
    expect(await reserved()).toBe(0);
    await bothAgain();
  });
});

it('USE-2 a request that is delivered to another router while its call is under way is left to the one that makes it', { timeout: 60_000 }, async () => {
  await startSecond();
  provider.reply({ text: 'slow', usage: USAGE, delayMs: 1_500 });
  const message = await ask('askable', { run: { runId: newId() } });
  await waitFor(() => provider.attempts.has(message.id));
  for (let i = 0; i < 20; i++) await bus.publish(message);
  await waitFor(async () => (await ledger(message.id)).length > 0, { timeoutMs: 15_000 });
  expect(await ledger(message.id)).toMatchObject([{ resolution: '', result: 'succeeded', cost: COST }]);
  expect(provider.attempts.get(message.id)?.requests).toBe(1);
});
