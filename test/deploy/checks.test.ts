import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../e2e/nexus-apart.js';
import { createScratchWorkspace, type CommandResult, type ScratchWorkspace } from '../tooling/scratch-workspace.js';
import { hasKubectl } from './manifests.js';

let workspace: ScratchWorkspace;
const copied = ['deploy', 'Dockerfile', '.dockerignore', 'config', 'LICENSE', 'tsconfig.json'];

beforeAll(async () => {
  workspace = await createScratchWorkspace();
  for (const path of copied) await cp(join(root, path), join(workspace.folder, path), { recursive: true });
  for (const app of ['settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator', 'gateway', 'demo-model', 'local-model', 'telegram', 'discord']) {
    await cp(join(root, 'apps', app, 'src/main.ts'), join(workspace.folder, 'apps', app, 'src/main.ts')).catch(() => undefined);
  }
});
afterAll(() => workspace[Symbol.asyncDispose]());

interface Fault {
  readonly what: string;
  readonly path: string;
  readonly from: string;
  readonly to: string;
  readonly says: string;
  readonly isOfKubernetes?: boolean;
}

const kubernetes = 'deploy/k8s/base';
const faults: readonly Fault[] = [
  { what: 'a variable that nobody reads', path: 'deploy/compose/compose.yaml', from: 'NEXUS_MIGRATE:', to: 'NEXUS_MIGRATES:', says: 'NEXUS_MIGRATES is in no config schema of' },
  { what: 'a value that the schema refuses', path: 'deploy/compose/compose.yaml', from: "NEXUS_SHUTDOWN_GRACE_MS: '30000'", to: "NEXUS_SHUTDOWN_GRACE_MS: 'soon'", says: 'NEXUS_SHUTDOWN_GRACE_MS' },
  { what: 'a secret that nobody makes', path: 'deploy/compose/compose.yaml', from: '${GRAFANA_PASSWORD:?', to: '${GRAFANA_SECRET:?', says: 'npm run compose:init does not make GRAFANA_SECRET' },
  { what: 'a port that is open to everybody', path: 'deploy/compose/compose.yaml', from: "'127.0.0.1:${NEXUS_PORT:-8080}:8080'", to: "'8080:8080'", says: 'is not on loopback' },
  { what: 'a field that Compose does not know', path: 'deploy/compose/compose.yaml', from: 'restart: unless-stopped\n  init: true', to: 'restart: unless-stopped\n  initialise: true', says: 'initialise' },
  { what: 'an image without a version', path: 'deploy/compose/compose.yaml', from: 'image: redis:8.2.2', to: 'image: redis', says: 'has no version' },
  { what: 'a healthcheck of another port', path: 'deploy/compose/compose.yaml', from: "healthcheck.mjs, '50056'", to: "healthcheck.mjs, '50059'", says: 'asks port 50059' },
  { what: 'rules that Prometheus does not see', path: 'deploy/compose/prometheus.yml', from: '/etc/prometheus/nexus/*.rules.yml', to: '/etc/prometheus/nexus/rules/*.rules.yml', says: 'matches no file that is mounted' },
  { what: 'measures that nobody serves', path: 'deploy/compose/prometheus.yml', from: 'usage:50056', to: 'usage:50059', says: 'the target usage:50059 has no measures' },
  { what: 'alerts that go nowhere', path: 'deploy/compose/prometheus.yml', from: 'names: [alertmanager]', to: 'names: [alerts]', says: 'alerts go to alerts, which is no Alertmanager' },
  { what: 'an instruction that Docker does not know', path: 'Dockerfile', from: 'WORKDIR /src', to: 'WORKDIRECTORY /src', says: 'WORKDIRECTORY' },
  { what: 'an image that runs as root', path: 'Dockerfile', from: 'USER 10001:10001\nSTOPSIGNAL SIGTERM\nEXPOSE 8080', to: 'STOPSIGNAL SIGTERM\nEXPOSE 8080', says: 'runs as root' },
  { what: 'a provider that the egress proxy refuses', path: `${kubernetes}/network/allowed-hosts`, from: 'api.mistral.ai\n', to: '', says: 'api.mistral.ai of config/providers.yaml is missing' },
  { what: 'a variable that nobody reads', path: `${kubernetes}/environment.env`, from: 'NEXUS_LOG_LEVEL=', to: 'NEXUS_LOGLEVEL=', says: 'NEXUS_LOGLEVEL is in no config schema of', isOfKubernetes: true },
  { what: 'a field that Kubernetes does not know', path: `${kubernetes}/services/usage.yaml`, from: 'failureThreshold: 90', to: 'failuresThreshold: 90', says: 'failuresThreshold', isOfKubernetes: true },
  { what: 'a field that KEDA does not know', path: `${kubernetes}/scaling/scaled-objects.yaml`, from: 'cooldownPeriod: 600', to: 'coolDownPeriod: 600', says: 'coolDownPeriod', isOfKubernetes: true },
  { what: 'a channel that is not there', path: `${kubernetes}/scaling/scaled-objects.yaml`, from: 'stream: tools.execute', to: 'stream: tools.executed', says: 'there is no channel tools.executed', isOfKubernetes: true },
  { what: 'a field that the Prometheus operator does not know', path: 'deploy/k8s/components/observability/service-monitors.yaml', from: 'path: /metrics', to: 'paths: /metrics', says: 'paths', isOfKubernetes: true },
  { what: 'a probe of a path that is not there', path: `${kubernetes}/services/gateway.yaml`, from: 'path: /health/live', to: 'path: /healthz', says: '/healthz, which is not there', isOfKubernetes: true },
  { what: 'a probe of another port', path: `${kubernetes}/services/usage.yaml`, from: 'grpc: { port: 50056 }', to: 'grpc: { port: 50057 }', says: 'asks port 50057, which the container does not have', isOfKubernetes: true },
  { what: 'a pod that may write to its root', path: 'deploy/k8s/components/pods/every-service.yaml', from: 'readOnlyRootFilesystem: true', to: 'readOnlyRootFilesystem: false', says: 'may write to its root', isOfKubernetes: true },
  { what: 'a pod that is killed before it has stopped', path: 'deploy/k8s/components/pods/every-service.yaml', from: 'terminationGracePeriodSeconds: 70', to: 'terminationGracePeriodSeconds: 20', says: 'is killed after 20 s', isOfKubernetes: true },
  { what: 'a Secret that nobody is told of', path: `${kubernetes}/services/usage.yaml`, from: 'name: nexus-secrets, key: redis-url', to: 'name: nexus-redis, key: redis-url', says: 'asks for the Secret nexus-redis', isOfKubernetes: true },
  { what: 'a road to private networks', path: `${kubernetes}/network/outside.yaml`, from: '169.254.0.0/16, ', to: '', says: 'lets pods reach private networks', isOfKubernetes: true },
  { what: 'two who scale the same', path: `${kubernetes}/scaling/scaled-objects.yaml`, from: 'scaleTargetRef: { name: tool-executor }', to: 'scaleTargetRef: { name: gateway }', says: 'scales gateway too', isOfKubernetes: true },
];

const file = (path: string): string => join(workspace.folder, path);

/** Runs the check with these faults planted, all at once, and takes them back. */
async function withFaults(planted: readonly Fault[]): Promise<CommandResult> {
  const good = new Map<string, string>();
  for (const { path, from, to } of planted) {
    const text = await readFile(file(path), 'utf8');
    if (!good.has(path)) good.set(path, text);
    expect(text).toContain(from);
    await writeFile(file(path), text.replace(from, () => to));
  }
  const result = await workspace.check('deploy');
  for (const [path, text] of good) await writeFile(file(path), text);
  return result;
}

describe('npm test -- --only deploy', { timeout: 60_000 }, () => {
  const planted = faults.filter(({ isOfKubernetes }) => hasKubectl || isOfKubernetes !== true);
  let good: CommandResult;
  let faulty: CommandResult;

  beforeAll(async () => {
    good = await workspace.check('deploy');
    faulty = await withFaults(planted);
  }, 60_000);

  it('passes as it is', () => {
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('services of Compose') as string });
    expect(faulty.code).toBe(1);
  });

  it.each(planted)('fails for $what in $path', ({ says }) => {
    expect(good.stdout).not.toContain(says);
    expect(faulty.stdout).toContain(says);
  });

  it.skipIf(!hasKubectl)('fails for an overlay that does not build', async () => {
    const removed = `${kubernetes}/services/usage.yaml`;
    const text = await readFile(file(removed), 'utf8');
    await rm(file(removed));
    const result = await workspace.check('deploy');
    await writeFile(file(removed), text);
    expect(result).toMatchObject({ code: 1, stdout: expect.stringContaining('does not build') as string });
  });
});
