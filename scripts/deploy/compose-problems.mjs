/** What is wrong with deploy/compose/compose.yaml, beside what its JSON Schema says. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environmentProblems } from './variables.mjs';

/** Services of NEXUS's own image run one of these; prepare.mjs runs several. */
const prepared = ['settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator'];
const sample = 'x'.repeat(64);

/** What Compose makes of `${NAME}`, `${NAME:-default}` and `${NAME:?why}` when nothing is set but what must be. */
const interpolated = (text) =>
  String(text).replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, _name, kind, rest) => (kind === '-' ? rest : sample));

/** Names that `${NAME:?...}` demands, anywhere in the file's text. */
export const demanded = (text) => [...new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name))];

const isOurs = ({ image }) => /^nexus:/.test(image ?? '');
const isPinned = (image) => /:[^:@/]*\d[^:@/]*(@sha256:[0-9a-f]{64})?$/.test(image);
const listOf = (value) => (Array.isArray(value) ? value : Object.keys(value ?? {}));

export function composeProblems(compose, { folder, variables, entries }) {
  const problems = [];
  for (const [name, service] of Object.entries(compose.services)) {
    const say = (text) => problems.push(`compose ${name}: ${text}`);
    if (!isPinned(interpolated(service.image ?? ''))) say(`the image ${service.image} has no version`);
    if (service.deploy?.resources?.limits?.memory === undefined) say('has no limit of memory');
    for (const port of service.ports ?? []) if (!String(port).startsWith('127.0.0.1:')) say(`the port ${port} is not on loopback`);
    for (const network of listOf(service.networks)) if (!(network in compose.networks)) say(`there is no network ${network}`);
    for (const other of listOf(service.depends_on)) if (!(other in compose.services)) say(`depends on ${other}, which is not there`);
    for (const volume of service.volumes ?? []) {
      const source = interpolated(volume).split(':')[0];
      const isMade = ['./models', './.secrets/service-token', './.secrets/alertmanager.yml', '/var/run/docker.sock'].includes(source);
      if (/^[./]/.test(source) ? !isMade && !existsSync(join(folder, source)) : !(source in compose.volumes)) say(`mounts ${source}, which is not there`);
    }
    if (isOurs(service)) problems.push(...ownProblems(name, service, variables, entries));
  }
  return problems;
}

function ownProblems(name, service, variables, entries) {
  const problems = [];
  const say = (text) => problems.push(`compose ${name}: ${text}`);
  if (service.read_only !== true) say('its root is not read-only');
  if (!service.cap_drop?.includes('ALL')) say('keeps capabilities');
  const [program] = service.command ?? [];
  const given = Object.entries(service.environment ?? {}).map(([key, value]) => [key, interpolated(value)]);
  if (program === 'prepare.mjs') {
    for (const app of prepared) problems.push(...environmentProblems(`compose ${name}`, app, given, variables));
    return problems;
  }
  const entry = entries.get(program);
  if (entry === undefined) return [...problems, `compose ${name}: nobody knows ${program}`];
  problems.push(...environmentProblems(`compose ${name}`, entry.app, given, variables));
  const [, command, script, port, what = '/health/ready'] = service.healthcheck?.test ?? [];
  if (command !== 'node' || script !== 'healthcheck.mjs') say('has no healthcheck');
  else if (Number(port) !== entry.port) say(`its healthcheck asks port ${port}, and it listens on ${entry.port}`);
  else if (what === 'grpc' ? !entry.isGrpc : !entry.paths.includes(what)) say(`its healthcheck asks for ${what}, which is not there`);
  return problems;
}
