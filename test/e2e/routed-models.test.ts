import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@nexus/core';
import { startFakeProvider, waitFor, type FakeProvider } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, call, startNexusApart, type Nexus } from './nexus-apart.js';

const PROVIDERS = (own: string, cloud: string): string => `
providers:
  - name: own
    base_url: ${own}
    offered_when: always
    models: [{ id: small, price: free, max_output_tokens: 200 }]
  - name: cloud
    base_url: ${cloud}
    offered_when: always
    models:
      - { id: mini, price: { input: 1, output: 4 }, max_output_tokens: 200 }
      - { id: large, price: { input: 1000, output: 4000 }, max_output_tokens: 200 }
`;
const ROUTING = `
tiers: { fast: [cloud/mini], best: [cloud/large] }
fallbacks: { house: [own/small, cloud/mini] }
retries: { most: 1, base_ms: 10, cap_ms: 10 }
`;

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}
interface LedgerRow {
  readonly provider: string;
  readonly model: string;
  readonly result: string;
  readonly error_code: string;
  readonly requested: string;
  readonly route: string;
}

let own: FakeProvider;
let cloud: FakeProvider;
let nexus: Nexus;
let database: Client;
let folder: string;

beforeAll(async () => {
  [own, cloud] = await Promise.all([startFakeProvider(), startFakeProvider()]);
  folder = mkdtempSync(join(tmpdir(), 'nexus-routed-'));
  writeFileSync(join(folder, 'providers.yaml'), PROVIDERS(own.url, cloud.url));
  writeFileSync(join(folder, 'routing.yaml'), ROUTING);
  writeFileSync(join(folder, 'agents.yaml'), 'agents:\n  default:\n    instructions: Answer.\n    model: auto\n    tools: []\n');
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
  nexus = await startNexusApart({ NEXUS_CONFIG_DIR: folder });
  database = new Client({ connectionString: nexus.databaseUrl });
  await database.connect();
}, 120_000);
afterAll(async () => {
  await database?.end();
  await nexus?.stop();
  await Promise.all([own?.close(), cloud?.close()]);
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 60_000);
beforeEach(() => {
  own.reply({ text: 'own' });
  cloud.reply({ text: 'cloud', usage: { prompt_tokens: 10, completion_tokens: 10 } });
});

async function ask(model: string, content: string | readonly object[]): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
  const response = await fetch(`${nexus.urls.gateway}/v1/chat/completions`, {
    method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ model, messages: typeof content === 'string' ? [{ role: 'user', content }] : content }),
  });
  const body = (await response.json()) as Partial<Completion>;
  return { status: response.status, text: body.choices?.[0]?.message.content ?? JSON.stringify(body), headers: response.headers };
}
const ledger = async (requested: string): Promise<readonly LedgerRow[]> =>
  (await database.query<LedgerRow>('SELECT provider, model, result, error_code, requested, route FROM usage.ledger WHERE requested = $1 ORDER BY finished_at, settled_at, attempt_id', [requested])).rows;

describe('models by other names than their own', () => {
  it('RTR-2 a tier and auto are answered by the cheapest model that can, and the run says which and why', async () => {
    expect(await ask('fast', 'hi')).toMatchObject({ status: 200, text: 'cloud' });
    const response = await fetch(`${nexus.urls.gateway}/v1/chat/completions`, {
      method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ model: 'agent/default', messages: [{ role: 'user', content: `What is a quine? ${newId()}` }] }),
    });
    expect(response.status).toBe(200);
    const id = await waitFor(async () => (await database.query<{ id: string }>('SELECT id FROM orchestrator.run ORDER BY created_at DESC LIMIT 1')).rows[0]?.id);
    const { events, answer } = (await call(nexus.urls.gateway, 'nexus.run.v1.ThreadService/GetRun', { id })) as { events: { kind: string; payloadJson: string }[]; answer: object };
    const answered = events.find(({ kind }) => kind === 'model_answered');
    expect(JSON.parse(answered?.payloadJson ?? '{}')).toMatchObject({ modelAnswered: { routing: { requested: 'auto', model: 'cloud/mini', tier: 'fast', classifier: 'rules', reason: 'a short question: tier fast' } } });
    expect(answer).toMatchObject({ usage: { routing: { requested: 'auto', model: 'cloud/mini', tier: 'fast' } } });
    await waitFor(async () => (await ledger('auto')).length === 1);
    expect(await ledger('auto')).toMatchObject([{ provider: 'cloud', model: 'mini', result: 'succeeded', route: 'tier fast' }]);
  });

  it('RTR-2 a budget that is short gets a cheaper tier, if it wants that', async () => {
    const name = `small ${newId()}`;
    const budget = { name, period: 'total', limitMicroUsd: '20000', level: 'BUDGET_LEVEL_HARD' };
    await call(nexus.urls.gateway, 'nexus.usage.v1.UsageService/SetBudget', { ...budget, whenReached: 'WHEN_REACHED_CHEAPER_TIER' });
    expect(await ask('best', 'hi')).toMatchObject({ status: 200, text: 'cloud' });
    await waitFor(async () => (await ledger('best')).length === 1);
    expect(await ledger('best')).toMatchObject([{ model: 'mini', result: 'succeeded', route: expect.stringContaining('the budget wants a cheaper tier') as string }]);
    await call(nexus.urls.gateway, 'nexus.usage.v1.UsageService/SetBudget', { ...budget, whenReached: 'WHEN_REACHED_REFUSE' });
    const refused = await ask('best', 'hi');
    expect([refused.status, refused.text.includes(name)]).toEqual([429, true]);
    await call(nexus.urls.gateway, 'nexus.usage.v1.UsageService/DeleteBudget', { name });
  });

  it('RTR-2 a budget that is short gets a smaller context, if it wants that: the oldest turns go', async () => {
    const name = `short ${newId()}`;
    await call(nexus.urls.gateway, 'nexus.usage.v1.UsageService/SetBudget', { name, period: 'total', limitMicroUsd: '20000', level: 'BUDGET_LEVEL_HARD', whenReached: 'WHEN_REACHED_SMALLER_CONTEXT' });
    const turn = (n: number) => [{ role: 'user', content: `${n} ${'x'.repeat(9_000)}` }, { role: 'assistant', content: 'yes' }];
    const messages = [{ role: 'system', content: 'be kind' }, ...turn(1), ...turn(2), ...turn(3), { role: 'user', content: 'and now?' }];
    expect(await ask('cloud/mini', messages)).toMatchObject({ status: 200, text: 'cloud' });
    expect(cloud.requests.at(-1)?.body.messages).toEqual([messages[0], ...turn(2), ...turn(3), messages.at(-1)]);
    await call(nexus.urls.gateway, 'nexus.usage.v1.UsageService/DeleteBudget', { name });
  });

  it('RTR-3 when the local model\'s plug is pulled, the cloud answers under the same name, and the ledger says so and why', async () => {
    expect(await ask('house', 'hi')).toMatchObject({ status: 200, text: 'own' });
    await own.close();
    expect(await ask('house', 'hi')).toMatchObject({ status: 200, text: 'cloud' });
    await waitFor(async () => (await ledger('house')).length === 4);
    expect(await ledger('house')).toMatchObject([
      { provider: 'own', result: 'succeeded', route: 'asked for by the name of a chain' },
      { provider: 'own', result: 'not_sent', error_code: 'connection' },
      { provider: 'own', result: 'not_sent', error_code: 'connection' },
      { provider: 'cloud', model: 'mini', result: 'succeeded', route: 'asked for by the name of a chain, after own/small [connection]' },
    ]);
  });
});
