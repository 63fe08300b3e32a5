import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, spawnService, startFakeProvider, waitFor, type FakeProvider, type Service } from '@nexus/testing';

import { root, startNexusApart, type AppName, type Nexus } from './nexus-apart.js';
import { startReadyBalancer, type ReadyBalancer } from './ready-balancer.js';

export const replicated = ['settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator', 'gateway'] as const;
export type ReplicatedName = (typeof replicated)[number];

interface Replica {
  readonly service: Service;
  readonly url: string;
  ready(): Promise<void>;
}

/** NEXUS with two replicas of every service, each service behind an address of its own. */
export interface ReplicatedNexus {
  readonly redisUrl: string;
  /** As a superuser. */
  readonly databaseUrl: string;
  /** The address of all gateways. */
  readonly url: string;
  readonly provider: FakeProvider;
  readonly replicas: Readonly<Record<ReplicatedName, readonly [Replica, Replica]>>;
  stop(): Promise<void>;
}

const variable = (app: AppName): string => `NEXUS_${app.toUpperCase().replaceAll('-', '_')}`;

/** Configuration files by name, for a provider's URL. */
type ConfigFiles = (providerUrl: string) => Readonly<Record<string, string>>;

function writeConfig(folder: string, providerUrl: string, files: ConfigFiles): void {
  writeFileSync(join(folder, 'providers.yaml'), [
    'providers:', '  - name: fake', `    base_url: ${providerUrl}`, '    offered_when: always', '    models:',
    '      - { id: "fake", price: { input: 1, output: 1 }, max_output_tokens: 200, context_window: 100000, supports: { tools: true } }', '',
  ].join('\n'));
  writeFileSync(join(folder, 'agents.yaml'), ['agents:', '  default:', '    instructions: Answer.', '    model: fake', '    tools: []', ''].join('\n'));
  for (const [name, text] of Object.entries(files(providerUrl))) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
}

/** Starts all replicas from their built code, with a fake provider behind them; `files` are written over the configuration it has otherwise. */
export async function startReplicatedNexus(environment: Readonly<Record<string, string>> = {}, files: ConfigFiles = () => ({})): Promise<ReplicatedNexus> {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-replicas-'));
  const provider = await startFakeProvider({ models: ['fake'] });
  writeConfig(folder, provider.url, files);
  const ports = Object.fromEntries(await Promise.all(replicated.map(async (app) => [app, [await freePort(), await freePort()]] as const))) as Record<ReplicatedName, [number, number]>;
  const balancers = Object.fromEntries(await Promise.all(replicated.map(async (app) => [app, await startReadyBalancer(ports[app])] as const))) as Record<ReplicatedName, ReadyBalancer>;
  const addresses = Object.fromEntries(replicated.flatMap((app) => [[`${variable(app)}_PORT`, String(ports[app][0])], [`${variable(app)}_URL`, `http://127.0.0.1:${balancers[app].port}`]]));
  const stops: (() => Promise<unknown>)[] = [() => provider.close(), ...Object.values(balancers).map((balancer) => () => balancer.close())];
  const stop = async (): Promise<void> => {
    for (const end of stops.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const nexus: Nexus = await startNexusApart({ ...addresses, NEXUS_PORT: String(ports.gateway[0]), NEXUS_REPLICA: 'first', NEXUS_CONFIG_DIR: folder, ...environment });
    stops.push(() => nexus.stop());
    const replicaOf = (service: Service, port: number): Replica => {
      const url = `http://127.0.0.1:${port}`;
      const isReady = (): Promise<boolean> => fetch(`${url}/health/ready`).then((response) => response.ok, () => false);
      return { service, url, ready: () => waitFor(isReady, { timeoutMs: 60_000, what: url }).then(() => undefined) };
    };
    const seconds = await Promise.all(replicated.map(async (app) => {
      const port = ports[app][1];
      const env = { ...nexus.environment, NEXUS_REPLICA: 'second', NEXUS_PORT: String(ports.gateway[1]), [`${variable(app)}_PORT`]: String(port) };
      const service = await spawnService({ args: [join(root, 'apps', app, 'dist', 'main.js')], env, ready: { port }, readyWithinMs: 60_000 });
      stops.push(() => service.stop());
      const replica = replicaOf(service, port);
      await replica.ready();
      return [app, [replicaOf(nexus.services[app], ports[app][0]), replica]] as const;
    }));
    return { redisUrl: nexus.redisUrl, databaseUrl: nexus.databaseUrl, url: `http://127.0.0.1:${balancers.gateway.port}`, provider, replicas: Object.fromEntries(seconds) as unknown as ReplicatedNexus['replicas'], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
