import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEVELOPMENT_TENANT_ID, SYSTEM_TENANT_ID } from '@nexus/core';
import { createDatabase, createKeyspace, freePort, spawnService, waitFor, type Service } from '@nexus/testing';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const apiKey = 'nxs_end_to_end_key_0123456789';
export const serviceToken = 'service-token-of-the-tests';

const apps = ['demo-model', 'settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator', 'gateway'] as const;
export type AppName = (typeof apps)[number];

/** NEXUS as it is deployed: every service a process of its own, real Redis, real Postgres. */
export interface Nexus {
  /** `http://127.0.0.1:<port>` of each. */
  readonly urls: Readonly<Record<AppName, string>>;
  readonly services: Readonly<Record<AppName, Service>>;
  readonly redisUrl: string;
  /** What every service was started with. */
  readonly environment: Readonly<Record<string, string>>;
  /** As a superuser. */
  readonly databaseUrl: string;
  /** Waits until a service that was started again answers. */
  ready(app: AppName): Promise<void>;
  stop(): Promise<void>;
}

/** Starts all services from their built code. `environment` is added to all of them, and may give them their ports. */
export async function startNexusApart(environment: Readonly<Record<string, string>> = {}): Promise<Nexus> {
  const database = await createDatabase();
  const keyspace = await createKeyspace();
  const folder = mkdtempSync(join(tmpdir(), 'nexus-e2e-'));
  const ports = Object.fromEntries(await Promise.all(apps.map(async (app) => [app, Number(environment[`${variable(app)}_PORT`] ?? (await freePort()))] as const))) as Record<AppName, number>;
  const urls = Object.fromEntries(apps.map((app) => [app, `http://127.0.0.1:${ports[app]}`])) as Record<AppName, string>;
  const env: Record<string, string> = {
    ...Object.fromEntries(apps.flatMap((app) => [[`${variable(app)}_PORT`, String(ports[app])], [`${variable(app)}_URL`, app === 'demo-model' ? `${urls[app]}/v1` : urls[app]]])),
    NEXUS_PORT: String(ports.gateway),
    REDIS_URL: keyspace.url,
    DATABASE_URL: database.url,
    NEXUS_SERVICE_TOKEN: serviceToken,
    NEXUS_DEV_API_KEY: apiKey,
    NEXUS_CONFIG_DIR: join(root, 'config'),
    NEXUS_DATA_DIR: folder,
    NEXUS_LOG_LEVEL: 'warn',
    ...environment,
  };
  const services: Partial<Record<AppName, Service>> = {};
  const ready = async (app: AppName): Promise<void> => {
    if (app !== 'demo-model') await waitFor(() => isReady(urls[app]), { timeoutMs: 60_000 });
  };
  const start = async (app: AppName): Promise<void> => {
    services[app] = await spawnService({ args: [join(root, 'apps', app, 'dist', 'main.js')], env, ready: { port: ports[app] }, readyWithinMs: 60_000 });
    await ready(app);
  };
  const stop = async (): Promise<void> => {
    await Promise.all(Object.values(services).map((service) => service.stop()));
    await Promise.all([database.drop(), keyspace.drop()]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(apps.map(start));
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls, environment: env, services: services as Record<AppName, Service>, redisUrl: keyspace.url, databaseUrl: database.url, ready, stop };
}

function variable(app: AppName): string {
  return `NEXUS_${app.toUpperCase().replaceAll('-', '_')}`;
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then((response) => response.ok, () => false);
}

/** Calls a protobuf service with JSON: with the development key, or as a service on behalf of the development or the system tenant. */
export async function call(url: string, method: string, body: object = {}, as: 'key' | 'service' | 'system' = 'key'): Promise<Record<string, unknown>> {
  const credentials: Record<string, string> = as === 'key' ? { authorization: `Bearer ${apiKey}` } : { authorization: `Bearer ${serviceToken}`, 'x-nexus-tenant': as === 'system' ? SYSTEM_TENANT_ID : DEVELOPMENT_TENANT_ID };
  const response = await fetch(`${url}/${method}`, { method: 'POST', headers: { 'content-type': 'application/json', ...credentials }, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
