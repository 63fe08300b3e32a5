import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEVELOPMENT_TENANT_ID } from '@nexus/core';
import { freePort, spawnService, startFakeProvider, waitFor, writeTinyGguf, type FakeProvider, type Service } from '@nexus/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey, root, startNexusApart, type Nexus } from './nexus-apart.js';

const isThere = await import('node-llama-cpp').then(() => true, () => false);

let folder: string;
let cloud: FakeProvider;
let local: Service;
let nexus: Nexus;
let database: Client;

beforeAll(async () => {
  if (!isThere) return;
  folder = mkdtempSync(join(tmpdir(), 'nexus-local-'));
  cloud = await startFakeProvider();
  cloud.reply({ text: 'said by the cloud' });
  const port = await freePort();
  await writeTinyGguf(join(folder, 'tiny.gguf'), { words: [' on', ' and'], isEndless: true, contextTokens: 8_192 });
  local = await spawnService({
    args: [join(root, 'apps/local-model/dist/main.js')],
    env: { NEXUS_LOCAL_MODEL: join(folder, 'tiny.gguf'), NEXUS_LOCAL_MODEL_PORT: String(port), NEXUS_LOCAL_MODEL_THREADS: '1', NEXUS_LOCAL_MODEL_GPU: 'off' },
    ready: { line: /listening at/ },
  });
  writeFileSync(
    join(folder, 'providers.yaml'),
    `providers:
  - { name: local, kind: local, base_url: "http://127.0.0.1:${port}", offered_when: always, models: [{ id: tiny, price: free, supports: { vision: false } }] }
  - { name: cloud, base_url: "${cloud.url}", offered_when: always, models: [{ id: mini, price: { input: 1, output: 10 }, max_output_tokens: 200 }] }
`,
  );
  writeFileSync(join(folder, 'routing.yaml'), 'tiers: { fast: [local/tiny, cloud/mini] }\nfallbacks: { house: [local/tiny, cloud/mini] }\nclassifier: { model: null }\nlast_resort: null\nretries: { most: 1, base_ms: 10, cap_ms: 20 }\n');
  writeFileSync(join(folder, 'agents.yaml'), 'agents:\n  default:\n    instructions: Answer.\n    model: house\n    tools: []\n');
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
  nexus = await startNexusApart({ NEXUS_CONFIG_DIR: folder });
  database = new Client({ connectionString: nexus.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await nexus?.stop();
  await local?.stop();
  await cloud?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function ask(more: Record<string, unknown> = {}): Promise<Response> {
  const body = { model: 'house', messages: [{ role: 'user', content: 'hello' }], temperature: 0, ...more };
  return fetch(`${nexus.urls.gateway}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
}
const textOf = async (response: Response): Promise<string> => ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? '';
const booked = async (): Promise<Record<string, unknown>[]> =>
  (await database.query('SELECT provider, model, result, requested, route, input_tokens::int AS input, output_tokens::int AS output, cost_micro_usd::int AS cost FROM usage.ledger WHERE tenant_id = $1 ORDER BY day, entry', [DEVELOPMENT_TENANT_ID])).rows as Record<string, unknown>[];

describe.skipIf(!isThere)(`RTR-3 a model of one's own, with the cloud behind it${isThere ? '' : ' (skipped: node-llama-cpp is not installed)'}`, () => {
  it('answers as long as it runs, whole and streamed, and is booked with its tokens', async () => {
    const response = await ask({ max_tokens: 4 });
    expect(response.headers.get('x-nexus-model')).toBe('local/tiny');
    expect(await textOf(response)).toBe('on and on and');
    const events = (await (await ask({ max_tokens: 4, stream: true })).text()).split('\n\n').flatMap((event) => (event.startsWith('data: {') ? [JSON.parse(event.slice(6)) as { choices: { delta: { content?: string } }[] }] : []));
    expect(events.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('on and on and');
    const rows = await waitFor(async () => ((await booked()).length === 2 ? booked() : undefined));
    expect(rows).toMatchObject([{ provider: 'local', output: 4, cost: 0 }, { provider: 'local', output: 4, cost: 0 }]);
    expect(rows[0]?.['input']).toBeGreaterThan(5);
    expect(cloud.requests).toHaveLength(0);
  });

  it('whose plug is pulled in the midst of a stream ends it with an error', async () => {
    const response = await ask({ stream: true });
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"content":"on"')) text += (await reader.read()).value ?? '';
    await local.kill();
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    expect(text).toContain('"error"');
    expect(cloud.requests).toHaveLength(0);
  });

  it('whose plug is pulled gives way to the cloud, and answer and ledger say so and why', async () => {
    const before = (await booked()).length;
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('x-nexus-model')).toBe('cloud/mini');
    expect(response.headers.get('x-nexus-fallbacks')).toContain('local/tiny');
    expect(await textOf(response)).toBe('said by the cloud');
    const rows = await waitFor(async () => ((await booked()).some(({ provider }) => provider === 'cloud') ? booked() : undefined));
    expect(rows.slice(before).find(({ provider }) => provider === 'cloud')).toMatchObject({ model: 'mini', requested: 'house', route: expect.stringContaining('local/tiny') });
  });
});
