import { execFile, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DescService } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { UsageService, WebhookService } from '@nexus/contracts';
import { listen, waitFor } from '@nexus/testing';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey } from './nexus-apart.js';
import { startStockNexus, type StockNexus } from './stock-nexus.js';

interface Post {
  readonly headers: Record<string, string>;
  readonly body: string;
}
interface Event {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

const program = fileURLToPath(new URL('../../apps/cli/bin/nexus.mjs', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;
const page = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
const posts: Post[] = [];
let stock: StockNexus;
let secret: string;
let receiverUrl: string;
let stopReceiver: () => Promise<void>;
/** What the receiver answers. */
let status = 204;

beforeAll(async () => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
      posts.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(status).end();
    });
  });
  const receiver = await listen(server);
  [receiverUrl, stopReceiver] = [receiver.url, receiver.close];
  stock = await startStockNexus({ NEXUS_WEBHOOKS_ALLOW_PRIVATE: 'true' });
  stock.provider.reply(() => ({ text: 'forty-two', usage: { prompt_tokens: 1_000, completion_tokens: 20 } }));
  secret = (await client(WebhookService).createWebhook({ name: 'all', url: receiver.url })).secret;
}, 90_000);
afterAll(async () => {
  await stock?.stop();
  await stopReceiver?.();
});

const client = <T extends DescService>(service: T) => createClient(service, createConnectTransport({
  baseUrl: stock.nexus.urls.gateway, httpVersion: '1.1', interceptors: [(next) => (request) => (request.header.set('authorization', `Bearer ${apiKey}`), next(request))],
}));
const ask = (model: string) => fetch(`${stock.nexus.urls.gateway}/v1/chat/completions`, {
  method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ model, user: 'ann', messages: [{ role: 'user', content: 'a private question' }] }),
});
async function nexus(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, NEXUS_GATEWAY_URL: stock.nexus.urls.gateway, NEXUS_API_KEY: apiKey } });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
/** The event of this type, verified by an independent reader. */
async function received(type: string): Promise<{ readonly post: Post; readonly event: Event }> {
  return waitFor(() => {
    const all = posts.map((post) => ({ post, event: new Webhook(secret).verify(post.body, post.headers) as Event }));
    return all.find(({ event }) => event.type === type);
  }, { timeoutMs: 20_000, what: type });
}
/** The fields that docs/webhooks.md names in the table of a type. */
function fieldsTold(type: string): string[] {
  const section = page.split(`### ${type}\n`)[1]?.split('\n#')[0] ?? '';
  return [...section.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)).sort();
}
/** A block of code of the page that holds this text. */
function code(language: string, holding: string): string {
  const blocks = [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block = '']) => block);
  const found = blocks.find((block) => block.includes(holding));
  if (found === undefined) throw new Error(`docs/webhooks.md has no ${language} that holds ${holding}`);
  return found;
}

describe('ADP-10 webhooks out', () => {
  it('tell of a run that is over, a budget that is reached and a provider that has had enough, with the fields that the page names', { timeout: 60_000 }, async () => {
    expect((await ask('agent/default')).status).toBe(200);
    const finished = await received('nexus.run.finished.v1');
    expect(finished.event.data).toMatchObject({ outcome: 'answered', agent: 'default', model: 'fake/fake', cost_micro_usd: 1_200 });
    expect(Object.keys(finished.event.data).sort()).toEqual(fieldsTold('run.finished'));
    expect(finished.post.body).not.toMatch(/private question|forty-two/);

    stock.provider.reply({ status: 429, headers: { 'retry-after-ms': '60000' } });
    expect((await ask('fake/fake')).status).toBe(429);
    const limited = await received('nexus.provider.limited.v1');
    expect(limited.event.data).toMatchObject({ provider: 'fake', reason: 'rate_limited' });
    expect(Object.keys(limited.event.data).sort()).toEqual(fieldsTold('provider.limited'));

    await client(UsageService).setBudget({ name: 'tight', period: 'day', limitMicroUsd: 1n });
    expect((await ask('fake/fake')).status).toBe(429);
    const reached = await received('nexus.budget.reached.v1');
    expect(reached.event.data).toMatchObject({ budget: 'tight', level: 'hard' });
    expect(Object.keys(reached.event.data).sort()).toEqual(fieldsTold('budget.reached'));
    expect(new Set(posts.map(({ headers }) => headers['webhook-id'])).size).toBe(posts.length);
  });

  it('are managed on the command line', { timeout: 60_000 }, async () => {
    status = 500;
    const added = await nexus('webhooks', 'add', 'billing', receiverUrl, '--type', 'run.finished,budget.reached');
    expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^whsec_\S+\n$/) as string });
    expect((await nexus('webhooks', 'list')).stdout).toMatch(/billing +http:\S+ +run\.finished, budget\.reached +on/);
    expect(await nexus('webhooks', 'test', 'billing')).toMatchObject({ code: 1, stdout: 'Not delivered: answered 500.\n' });
    expect((await nexus('webhooks', 'deliveries', 'billing', '--state', 'failed')).stdout).toMatch(/billing +webhook\.test .* 1 +failed: answered 500\n$/);
    status = 204;
    expect(await nexus('webhooks', 'replay', '--failed', 'billing')).toMatchObject({ code: 0, stdout: 'Sent again: 1 event.\n' });
    await waitFor(async () => (await nexus('webhooks', 'deliveries', 'billing')).stdout.includes('answered 204'), { timeoutMs: 20_000 });
    const id = (await nexus('webhooks', 'deliveries', 'billing', '--json')).stdout.match(/"id": "([^"]+)"/)?.[1] ?? '';
    expect(await nexus('webhooks', 'replay', id)).toMatchObject({ code: 0, stdout: 'Sent again: 1 event.\n' });
    expect(await nexus('webhooks', 'disable', 'billing')).toMatchObject({ code: 0, stdout: 'Disabled: billing\n' });
    expect(await nexus('webhooks', 'replay', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('switched off') as string });
    expect(await nexus('webhooks', 'enable', 'billing')).toMatchObject({ code: 0, stdout: 'Enabled: billing\n' });
    expect(await nexus('webhooks', 'remove', 'billing')).toMatchObject({ code: 0, stdout: 'Removed: billing\n' });
    expect(await nexus('webhooks', 'test', 'billing')).toMatchObject({ code: 1, stderr: expect.stringContaining('no such webhook') as string });
  });

  it('are verified by the TypeScript of the page, and nothing else is', { timeout: 60_000 }, () => checks(async ({ headers, body }, key) => {
    const program = `${code('ts', 'export function verified')}\nconst [secret, headers, body] = JSON.parse(process.argv[1]);\nconsole.log(verified(secret, headers, body).id);`;
    return output(process.execPath, ['--input-type=module-typescript', '--eval', program, JSON.stringify([key, headers, body])]);
  }));

  it.skipIf(!hasPython)('are verified by the Python of the page, and nothing else is (skipped without python3)', { timeout: 60_000 }, () => checks(async ({ headers, body }, key) => {
    const program = `${code('python', 'def verified')}\nimport sys\nsecret, headers, body = json.loads(sys.argv[1])\nprint(verified(secret, headers, body.encode())["id"])`;
    return output('python3', ['-c', program, JSON.stringify([key, headers, body])]);
  }));
});

async function output(command: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(command, args)).stdout.trim();
}

/** Sends a test event and holds what `verify` prints of it, and of what is not it, against what must be. */
async function checks(verify: (post: Post, key: string) => Promise<string>): Promise<void> {
  const { eventId } = await client(WebhookService).sendTestEvent({ webhook: 'all' });
  const post = await waitFor(() => posts.find(({ headers }) => headers['webhook-id'] === eventId));
  expect(await verify(post, secret)).toBe(eventId);
  await expect(verify({ ...post, body: `${post.body} ` }, secret)).rejects.toThrow('not signed with this secret');
  await expect(verify(post, `whsec_${Buffer.alloc(32).toString('base64')}`)).rejects.toThrow('not signed with this secret');
  await expect(verify({ ...post, headers: { ...post.headers, 'webhook-timestamp': '1' } }, secret)).rejects.toThrow('too old, or too new');
}
