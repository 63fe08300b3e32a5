import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@nexus/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByHand } from './by-hand.js';
import { apiKey, call, root, type Nexus } from './nexus-apart.js';
import { hasPrometheus, promtool, startPrometheus, type Prometheus } from './prometheus-server.js';
import { startTelegramAdapter, type TelegramAdapter } from './telegram-adapter.js';
import { NEEDS_TOOL, startWatchedNexus, type WatchedNexus } from './watched-nexus.js';

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

const ruleFile = join(root, 'deploy/prometheus/rules/nexus.rules.yml');
const folder = join(root, 'deploy/grafana/dashboards');
/** Grafana's own variables, as they stand when it asks. */
const asAsked = (expression: string): string => expression.replaceAll('$__rate_interval', '30s').replaceAll('$__range', '5m');
const queries = readdirSync(folder).flatMap((file) => {
  const { title, panels } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly title: string; readonly panels: readonly Panel[] };
  return panels.flatMap((panel) => panel.targets.map(({ expr }) => ({ name: `${title} / ${panel.title}`, expression: asAsked(expr) })));
});

describe.skipIf(!hasPrometheus)(`OPS-2 a real Prometheus${hasPrometheus ? '' : ' (skipped: no prometheus on the PATH)'}`, () => {
  let watched: WatchedNexus;
  let nexus: Nexus;
  let prometheus: Prometheus;
  let hand: ByHand;
  let surface: TelegramAdapter;
  let isOver = false;
  let load: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    watched = await startWatchedNexus({});
    nexus = watched.nexus;
    hand = new ByHand(nexus.redisUrl);
    surface = await startTelegramAdapter(nexus, {});
    surface.telegram.addChat({ id: 11, type: 'private' });
    prometheus = await startPrometheus(Object.fromEntries(pages().map(([service, url]) => [service, url.replace('http://', '')])), ruleFile);
    await troubles();
    load = keepBusy();
  }, 120_000);
  afterAll(async () => {
    isOver = true;
    await load;
    hand?.close();
    await prometheus?.stop();
    await surface?.stop();
    await watched?.stop();
  });

  /** Whoever shows measures. */
  function pages(): readonly (readonly [string, string])[] {
    const { 'demo-model': _, ...services } = nexus.urls;
    return [...Object.entries(services), ['telegram', surface.url]];
  }

  const chat = async (model: string, content: string): Promise<number> => {
    const response = await fetch(`${nexus.urls.gateway}/v1/chat/completions`, {
      method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ model, messages: [{ role: 'user', content }] }),
    });
    await response.arrayBuffer();
    return response.status;
  };

  /** Of everything that panels show, one: a dead letter, a refusal, a run that fails, a request and a call that do. */
  async function troubles(): Promise<void> {
    await hand.publishRaw('requests.incoming', 'nonsense', 'x');
    await hand.ask(newId(), { text: 'hello' }, {});
    await hand.ask(newId(), { text: 'hello', agent: 'careless', surface: 'telegram' }, { token: apiKey });
    expect(await chat('nobody/knows', 'hello')).toBe(404);
    await expect(call(nexus.urls.orchestrator, 'nexus.run.v1.ThreadService/GetRun', { id: newId() })).rejects.toThrow();
  }

  async function keepBusy(): Promise<void> {
    while (!isOver) {
      surface.telegram.write({ chatId: 11, from: { id: 11, name: 'Ann' }, text: 'hello' });
      await Promise.all([chat('agent/default', `Please ${NEEDS_TOOL} this.`), chat('cloud/mini', 'hello'), chat('agent/careless', 'hello')]);
      await call(nexus.urls.orchestrator, 'nexus.run.v1.ThreadService/GetRun', { id: newId() }).catch(() => undefined);
    }
  }

  it('has data for every query of every dashboard', async () => {
    const withData = async (expression: string): Promise<boolean> => (await prometheus.query(expression)).some(({ value }) => Number.isFinite(value));
    expect(queries.length).toBeGreaterThan(60);
    let left = queries;
    await expect.poll(async () => {
      const found = await Promise.all(left.map(({ expression }) => withData(expression)));
      left = left.filter((_, i) => !found[i]);
      return left;
    }, { timeout: 60_000, interval: 1_000 }).toEqual([]);
  }, 90_000);

  it('evaluates every alert, knows every measure that alerts speak of, and wakes nobody up', async () => {
    await expect.poll(async () => (await prometheus.rules()).filter(({ health }) => health !== 'ok'), { timeout: 15_000 }).toEqual([]);
    const named = new Set(readFileSync(ruleFile, 'utf8').match(/\b(?:nexus|gen_ai|http_server|rpc_server|process|nodejs)_[a-z0-9_]+/g)?.filter((name) => name.includes('_')));
    const unknown: string[] = [];
    for (const name of named) if ((await prometheus.query(`count({__name__="${name}"})`)).length === 0) unknown.push(name);
    expect(unknown).toEqual([]);
    expect(await prometheus.query('ALERTS{alertstate="firing", severity="critical"}')).toEqual([]);
  }, 30_000);

  it('finds nothing to object to in the measures of any service, and each of them in the documentation', async () => {
    const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
    for (const [service, url] of pages()) {
      const text = await (await fetch(`${url}/metrics`)).text();
      expect(await promtool(['check', 'metrics'], text), service).toEqual({ code: 0, output: '' });
      const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
      expect(names.length).toBeGreaterThan(10);
      expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
    }
  });
});

describe.skipIf(!hasPrometheus)(`OPS-2 promtool${hasPrometheus ? '' : ' (skipped: no promtool on the PATH)'}`, () => {
  it('finds the rules well formed, and each of them fires when it should and only then', async () => {
    expect(await promtool(['check', 'rules', ruleFile])).toMatchObject({ code: 0 });
    expect(await promtool(['test', 'rules', ruleFile.replace('.rules.yml', '.test.yml')])).toMatchObject({ code: 0 });
  });
});
