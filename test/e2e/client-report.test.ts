import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { KeyKind, SettingsService } from '@nexus/contracts';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { waitFor } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiKey } from './nexus-apart.js';
import { startStockNexus, type StockNexus } from './stock-nexus.js';

const program = fileURLToPath(new URL('../../apps/cli/bin/nexus.mjs', import.meta.url));
const MONTH = new Date().toISOString().slice(0, 7);
/** At $1 and $10 for a million tokens: 1,200 micro-USD. */
const USAGE = { prompt_tokens: 1_000, completion_tokens: 20 };

let stock: StockNexus;
let database: Client;

beforeAll(async () => {
  stock = await startStockNexus();
  stock.provider.reply(() => ({ text: '42', usage: USAGE }));
  database = new Client({ connectionString: stock.nexus.databaseUrl });
  await database.connect();
}, 90_000);
afterAll(async () => {
  await database?.end();
  await stock?.stop();
});

async function nexus(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, NEXUS_GATEWAY_URL: stock.nexus.urls.gateway, NEXUS_API_KEY: apiKey } });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
const settings = () => createClient(SettingsService, createConnectTransport({
  baseUrl: stock.nexus.urls.gateway, httpVersion: '1.1', interceptors: [(next) => (request) => (request.header.set('authorization', `Bearer ${apiKey}`), next(request))],
}));
const complete = (key: string, model: string) => fetch(`${stock.nexus.urls.gateway}/v1/chat/completions`, {
  method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify({ model, messages: [{ role: 'user', content: 'What is the answer?' }] }),
});

it('USE-4 says in one command what a client cost this month, and writes its invoice with its markup', { timeout: 60_000 }, async () => {
  const [acme, beta] = await Promise.all(['acme', 'beta'].map(async (client) => (await settings().createKey({ name: client, kind: KeyKind.API, client, project: `${client}-site` })).secret));
  for (const key of [acme, acme, beta]) expect((await complete(key ?? '', 'fake')).status).toBe(200);
  await waitFor(async () => (await database.query('SELECT FROM usage.ledger')).rowCount === 3);

  const report = await nexus('usage', '--client', 'acme', '--month', MONTH, '--by', 'model,project', '--csv');
  expect(report).toMatchObject({ code: 0, stdout: expect.stringContaining('\nfake,acme-site,2,0,2000,0,0,0,40,0,0,0,0,0,false,2400,0.002400\n') as string });
  await settings().updateConfig({ values: { billing: '{"acme":{"markup_percent":12.5}}' } });
  const invoice = await nexus('usage', '--client', 'acme', '--month', MONTH, '--invoice');
  expect(invoice.stdout).toContain('| acme-site | fake/fake | 2 | 2,000 | 40 | 0.002400 | 0.002700 |');
  const focus = await nexus('usage', '--month', MONTH, '--focus');
  const [header = '', ...lines] = focus.stdout.trim().split('\n');
  expect(lines.map((line) => line.split(',')[header.split(',').indexOf('BilledCost')]).toSorted()).toEqual(['0.001200', '0.002400']);
  const events = JSON.parse((await nexus('usage', 'events', '--client', 'beta')).stdout) as { type: string; data: { cost_micro_usd: number } }[];
  expect(events.map(({ type, data }) => [type, data.cost_micro_usd])).toEqual([['nexus.usage.recorded.v1', 1_200]]);
});

it('USE-3 refuses the run that a plan has not, with the time at which it begins anew, and counts each run once', { timeout: 60_000 }, async () => {
  await settings().updateConfig({ values: { plan: '{"runs_per_month":2}' } });
  await expect.poll(async () => ((await (await fetch(`${stock.nexus.urls.gateway}/status`, { headers: { authorization: `Bearer ${apiKey}` } })).json()) as { runs: object | null }).runs).toMatchObject({ runs_per_month: 2, used: 0 });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) {
    const response = await complete(apiKey, 'agent/default');
    statuses.push(response.status);
    if (response.status === 200) continue;
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ error: { code: 'quota_exceeded', type: 'insufficient_quota', message: expect.stringContaining('begins anew on') as string } });
  }
  expect(statuses).toEqual([200, 200, 429]);
  expect((await nexus('usage')).stderr).toContain('plan: 2 of 2 runs this month; begins anew');
});
