import { newId } from '@nexus/core';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from './nexus-apart.js';
import { startReplicatedNexus, type ReplicatedNexus } from './nexus-replicas.js';

const CALLERS = 200;
const CALLS_EACH = 5;
const DOLLAR = 1_000_000;
const USAGE = { prompt_tokens: 40, completion_tokens: 150 };
/** Micro-USD of an answer: the dollar is gone long before all callers have theirs. */
const COST = 40 * 10 + 150 * 50;

const providers = (url: string): string => `
providers:
  - name: fake
    base_url: ${url}
    offered_when: always
    lookup: "{base_url}/attempts/{attempt_id}"
    models:
      - { id: dear, price: { input: 10, output: 50 }, max_output_tokens: 128000, context_window: 1000000 }
  - name: away
    base_url: ${url}
    offered_when: always
    models:
      - { id: broken, price: { input: 10, output: 50 }, max_output_tokens: 128000, context_window: 1000000 }
`;
const routing = `
fallbacks:
  away/broken: [fake/dear]
retries: { most: 0 }
`;

/** At every commit: what a use of a budget holds then is held against the limit. (Within a transaction it may be more: what does not fit is taken back.) */
const WATCH = `
  CREATE TABLE public.over_ceiling (name text, held bigint, ceiling bigint);
  CREATE TABLE public.commits (n bigint);
  CREATE FUNCTION public.watch_ceiling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    INSERT INTO public.commits VALUES (1);
    INSERT INTO public.over_ceiling
    SELECT b.name, u.spent_micro_usd + u.reserved_micro_usd, b.limit_micro_usd FROM usage.budget b JOIN usage.budget_use u ON u.tenant_id = b.tenant_id AND u.budget_id = b.id
     WHERE u.tenant_id = NEW.tenant_id AND u.budget_id = NEW.budget_id AND u.subject = NEW.subject AND b.level = 'hard' AND u.spent_micro_usd + u.reserved_micro_usd > b.limit_micro_usd;
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER watch_ceiling AFTER INSERT OR UPDATE ON usage.budget_use DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.watch_ceiling()`;

let nexus: ReplicatedNexus;
let database: Client;
beforeAll(async () => {
  const environment = { NEXUS_MAX_QUEUE_MS: '60000', NEXUS_OWNER_TTL_MS: '1500', NEXUS_STRAY_AFTER_MS: '1000', NEXUS_RESOLVE_EVERY_MS: '300', NEXUS_ATTEMPT_SWEEP_MS: '300', NEXUS_CLAIM_IDLE_MS: '1500' };
  nexus = await startReplicatedNexus(environment, (url) => ({ 'providers.yaml': providers(url), 'routing.yaml': routing }));
  // The development tenant has a ceiling of one dollar a day of its own.
  await call(nexus.url, 'nexus.usage.v1.UsageService/SetBudget', { name: 'development', period: 'day', limitMicroUsd: String(1_000 * DOLLAR) });
  database = new Client({ connectionString: nexus.databaseUrl });
  await database.connect();
  await database.query(WATCH);
}, 120_000);
afterAll(async () => {
  await database?.end();
  await nexus?.stop();
}, 60_000);

interface KeyOfADollar {
  readonly id: string;
  readonly secret: string;
  readonly budget: string;
}

let key: KeyOfADollar;
beforeEach(async () => {
  nexus.provider.reply((request) => (request.body.model === 'broken' ? { status: 503, text: 'out of order' } : { text: 'one two three', usage: USAGE, delayMs: 20 }));
  const created = (await call(nexus.url, 'nexus.settings.v1.SettingsService/CreateKey', { name: 'a dollar', kind: 'KEY_KIND_API', client: 'acme' })) as { secret: string; key: { id: string } };
  key = { id: created.key.id, secret: created.secret, budget: `dollar ${newId()}` };
  await call(nexus.url, 'nexus.usage.v1.UsageService/SetBudget', { name: key.budget, period: 'total', limitMicroUsd: String(DOLLAR), scope: 'BUDGET_SCOPE_KEY', subject: key.id, level: 'BUDGET_LEVEL_HARD' });
});

interface Told {
  readonly model: string;
  readonly isStream: boolean;
  readonly status: number;
  readonly text: string;
}

async function ask(body: object): Promise<Response> {
  return fetch(`${nexus.url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' }, body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], ...body }) });
}

async function askOnce(caller: number): Promise<Told> {
  const model = caller % 3 === 0 ? 'away/broken' : 'fake/dear';
  const isStream = caller % 2 === 0;
  for (;;) {
    const response = await ask({ model, stream: isStream, max_tokens: 200 });
    const text = await response.text();
    // A slow machine: nothing was called, and the caller may ask again.
    if (response.status !== 503 || !text.includes('"usage_unavailable"')) return { model, isStream, status: response.status, text };
  }
}

/** All callers at once, each one call after the other. */
async function askAll(): Promise<Told[]> {
  const told = await Promise.all(Array.from({ length: CALLERS }, async (_, caller) => {
    const mine: Told[] = [];
    for (let i = 0; i < CALLS_EACH; i++) mine.push(await askOnce(caller));
    return mine;
  }));
  return told.flat();
}

interface Booked {
  readonly spent: number;
  readonly reserved: number;
  readonly ledger: number;
  readonly unsettled: number;
  readonly failed: number;
}

async function booked(): Promise<Booked> {
  const { rows } = await database.query<Booked>(
    `SELECT u.spent_micro_usd::float8 AS spent, u.reserved_micro_usd::float8 AS reserved,
            (SELECT coalesce(sum(l.cost_micro_usd), 0)::float8 FROM usage.ledger l WHERE l.key_id = $2) AS ledger,
            (SELECT count(*)::int FROM usage.attempt a WHERE a.key_id = $2 AND a.state IN ('open', 'unknown')) AS unsettled,
            (SELECT count(*)::int FROM usage.ledger l WHERE l.key_id = $2 AND l.model = 'broken' AND l.result = 'failed') AS failed
       FROM usage.budget b JOIN usage.budget_use u ON u.budget_id = b.id WHERE b.name = $1`, [key.budget, key.id]);
  return rows[0] ?? { spent: 0, reserved: 0, ledger: 0, unsettled: 0, failed: 0 };
}

function namesTheBudget(refused: readonly Told[]): void {
  expect(refused.length).toBeGreaterThan(0);
  for (const { text } of refused) expect(JSON.parse(text)).toMatchObject({ error: { code: 'budget_exceeded', message: expect.stringContaining(key.budget) } });
}

/** What the provider says it has charged for the attempts of this key. */
async function charged(): Promise<number> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM usage.attempt WHERE key_id = $1', [key.id]);
  const ids = new Set(rows.map(({ id }) => id));
  return [...nexus.provider.attempts].filter(([id, { usage }]) => ids.has(id) && usage !== undefined).length * COST;
}

async function neverOver(): Promise<void> {
  expect((await database.query('SELECT * FROM public.over_ceiling')).rows).toEqual([]);
  expect((await database.query('SELECT n FROM public.commits LIMIT 1')).rows).toHaveLength(1);
}

describe('200 callers on a key with one dollar, at two routers', () => {
  it('USE-2 are never given more than the dollar at any commit, streaming or not, with fallback, and refusals name the budget', async () => {
    const told = await askAll();
    const answered = told.filter(({ status }) => status === 200);
    const refused = told.filter(({ status }) => status === 429);
    expect(told.filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
    namesTheBudget(refused);
    for (const isStream of [true, false]) for (const model of ['away/broken', 'fake/dear']) expect(answered.filter((it) => it.isStream === isStream && it.model === model).length, `${model} ${isStream}`).toBeGreaterThan(0);
    await expect.poll(booked, { timeout: 20_000 }).toMatchObject({ reserved: 0, unsettled: 0 });
    const { spent, ledger, failed } = await booked();
    expect(failed).toBeGreaterThan(0);
    expect(spent).toBe(answered.length * COST);
    expect(ledger).toBe(spent);
    expect(await charged()).toBe(spent);
    // The dollar is used up to what one more call might have cost.
    expect(spent).toBeLessThanOrEqual(DOLLAR);
    expect(spent).toBeGreaterThan(DOLLAR - 2 * (200 * 50 + 10_000));
    await neverOver();
  }, 120_000);

  it('USE-2 nor when a router is killed in the midst of it: what it had under way is found out, and booked once', async () => {
    const [first] = nexus.replicas['provider-router'];
    const before = nexus.provider.requests.length;
    const asking = askAll();
    await expect.poll(() => nexus.provider.requests.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(before + 20);
    await first.service.kill('SIGKILL');
    await first.service.restart();
    await first.ready();
    const told = await asking;
    namesTheBudget(told.filter(({ status }) => status === 429));
    // What the killed router had under way is told as what it is; no caller loses more than that one call.
    const lost = told.filter(({ status }) => status !== 200 && status !== 429);
    expect(new Set(lost.map(({ status }) => status))).toSatisfy((statuses: Set<number>) => [...statuses].every((status) => [502, 503, 504].includes(status)));
    expect(lost.length).toBeLessThanOrEqual(CALLERS);
    expect(told.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    await expect.poll(booked, { timeout: 60_000 }).toMatchObject({ reserved: 0, unsettled: 0 });
    const { spent, ledger } = await booked();
    expect(ledger).toBe(spent);
    expect(await charged()).toBe(spent);
    expect(spent).toBeLessThanOrEqual(DOLLAR);
    await neverOver();
  }, 180_000);

  it('USE-2 a call without a limit, at a model that can write 128,000 tokens, goes through with the limit that the dollar affords', async () => {
    const before = nexus.provider.requests.length;
    expect((await ask({ model: 'fake/dear' })).status).toBe(200);
    const sent = nexus.provider.requests[before]?.body as { max_tokens?: number } | undefined;
    expect(sent?.max_tokens).toBeLessThanOrEqual(DOLLAR / 50);
    expect(sent?.max_tokens).toBeGreaterThan(10_000);
    await neverOver();
  });
});
