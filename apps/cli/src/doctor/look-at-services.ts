import { defaultPorts, readConfig, serviceNames } from '@nexus/runtime';
import { findGatewayUrl } from '../gateway-access.js';
import { findingsOf, type Finding } from '../domain/doctor/finding.js';
import { judgeClock } from '../domain/doctor/judge-machine.js';
import type { ExaminedPlace } from './examination.js';

const { ok, warning, failure } = findingsOf('services');
const WITHIN_MS = 3_000;

/** Whether the gateway is ready and, where the services run apart, each of them. */
export async function lookAtServices({ context: { config, folder, environment }, url }: ExaminedPlace): Promise<readonly Finding[]> {
  const gateway = findGatewayUrl(config, folder, url);
  const before = Date.now();
  const health = await healthOf(gateway);
  const findings = [judge('gateway', gateway, health)];
  if (health.date !== undefined) findings.push(judgeClock({ of: 'the gateway', aheadMs: health.date + 500 - (before + Date.now()) / 2, uncertainMs: 500 + Date.now() - before }));
  if (folder.running() !== undefined) return findings; // all of them live in one process
  const addresses = serviceAddresses(environment);
  if (addresses.length === 0) return findings;
  const others = await Promise.all(addresses.map(async ([name, address]) => judge(name, address, await healthOf(address))));
  return [...findings, ...others];
}

/** Those that the environment names: a machine that knows none of them runs none. */
function serviceAddresses(environment: ExaminedPlace['context']['environment']): [string, string][] {
  if (environment['NEXUS_SERVICE_TOKEN'] === undefined || environment['DATABASE_URL'] === undefined) return [];
  const { urls } = readConfig(environment, 'gateway');
  return serviceNames.filter((name) => name !== 'gateway').map((name) => [name, urls[name]]);
}

interface Health {
  readonly kind: 'ready' | 'not ready' | 'silent' | 'stranger';
  /** Unix milliseconds, whole seconds. */
  readonly date?: number;
}

async function healthOf(url: string): Promise<Health> {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(WITHIN_MS) }).catch(() => undefined);
  if (response === undefined) return { kind: 'silent' };
  const date = Date.parse(response.headers.get('date') ?? '');
  const kind = response.status === 200 ? 'ready' : response.status === 503 ? 'not ready' : 'stranger';
  return { kind, ...(Number.isNaN(date) ? {} : { date }) };
}

function judge(name: string, url: string, { kind }: Health): Finding {
  switch (kind) {
    case 'ready': return ok(`${name} is ready at ${url}`);
    case 'not ready': return failure(`${name} answers at ${url} and is not ready`, 'Look at its log: it says what it waits for, most often Redis or Postgres.');
    case 'silent': return name === 'gateway'
      ? failure(`the gateway does not answer at ${url}`, 'Start NEXUS with `npm start`, or say with --url or NEXUS_GATEWAY_URL where it is.')
      : failure(`${name} does not answer at ${url}`, `Start it; its usual port is ${defaultPorts[name as keyof typeof defaultPorts]}.`);
    case 'stranger': return warning(`something else than ${name} answers at ${url}`, 'Another program has this port: stop it, or give NEXUS another one (docs/configuration.md).');
  }
}
