/** What answers on which port of each app, for probes and scrapes to point at. */
import { defaultPorts } from '@nexus/runtime';

const healthPaths = ['/health/live', '/health/ready', '/metrics'];

/** A map from what a container runs (its first argument) to `{ app, port, paths, isGrpc }`. */
export function entriesOf(variables) {
  const entries = new Map();
  for (const [app, port] of Object.entries(defaultPorts)) entries.set(`apps/${app}/dist/main.js`, { app, port, paths: healthPaths, isGrpc: true });
  const defaultOf = (app, name) => variables.get(app).get(name).parse(undefined);
  for (const app of ['telegram', 'discord']) entries.set(`apps/${app}/dist/main.js`, { app, port: defaultOf(app, `NEXUS_${app.toUpperCase()}_PORT`), paths: healthPaths, isGrpc: false });
  entries.set('apps/demo-model/dist/main.js', { app: 'demo-model', port: defaultOf('demo-model', 'NEXUS_DEMO_MODEL_PORT'), paths: ['/v1/models'], isGrpc: false });
  entries.set('apps/local-model/dist/main.js', { app: 'local-model', port: defaultOf('local-model', 'NEXUS_LOCAL_MODEL_PORT'), paths: [], isGrpc: true });
  entries.set('egress-proxy.mjs', { app: undefined, port: 3128, paths: ['/health/live'], isGrpc: false });
  return entries;
}
