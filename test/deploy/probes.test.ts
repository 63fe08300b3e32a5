import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { Health, HealthCheckResponse_ServingStatus as Status } from '@nexus/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceToken, startNexusApart, type AppName, type Nexus } from '../e2e/nexus-apart.js';
import { hasKubectl, overlay, type Container, type Probe } from './manifests.js';

let nexus: Nexus;
const containers = new Map<AppName, Container>();

beforeAll(async () => {
  if (!hasKubectl) return;
  for (const { spec } of await overlay('dev')) {
    for (const container of spec?.template?.spec.containers ?? []) {
      const app = /^apps\/([\w-]+)\/dist\/main\.js$/.exec(container.args?.[0] ?? '')?.[1];
      if (app !== undefined) containers.set(app as AppName, container);
    }
  }
  nexus = await startNexusApart();
}, 120_000);
afterAll(() => nexus?.stop());

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
