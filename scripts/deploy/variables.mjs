/** What each app reads of its environment, from the schemas of the config.ts files, as docs/configuration.md tells it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentSchema } from '@nexus/runtime';
import { parse } from 'yaml';
import { packagesWithVariables, schemasOf } from '../docs/configuration-page.mjs';

const runsAsService = (root, app) => {
  const main = join(root, 'apps', app, 'src/main.ts');
  return existsSync(main) && /\brunService\(/.test(readFileSync(main, 'utf8'));
};

/** Names of the variables that providers' keys and addresses are read from. */
function providerVariables(root) {
  const { providers } = parse(readFileSync(join(root, 'config/providers.yaml'), 'utf8'));
  return providers.flatMap((provider) => [provider.api_key_env ?? [], provider.base_url_env ?? []].flat());
}

/** A map from app to a map from variable to its schema; undefined where any text will do. */
export async function variablesOf(root) {
  const all = new Map();
  for (const described of packagesWithVariables(root)) {
    if (!described.path.startsWith('apps/')) continue;
    const shapes = (await schemasOf(described)).map((schema) => schema.shape);
    all.set(described.title, new Map([...(runsAsService(root, described.title) ? Object.entries(environmentSchema.shape) : []), ...shapes.flatMap(Object.entries)]));
  }
  for (const app of ['usage', 'settings', 'orchestrator', 'gateway', 'tool-executor', 'provider-router']) {
    if (!all.has(app)) all.set(app, new Map(Object.entries(environmentSchema.shape)));
  }
  for (const name of providerVariables(root)) all.get('provider-router').set(name, undefined);
  return all;
}

/**
 * What is wrong with an environment of `app`, one sentence each. `given` are pairs of name and value; a value of undefined comes from a
 * secret. `isWhole`: what must be set is missed too.
 */
export function environmentProblems(place, app, given, variables, isWhole = true) {
  const known = variables.get(app);
  if (known === undefined) return [`${place}: nobody knows which variables ${app} reads`];
  const problems = [];
  for (const [name, value] of given) {
    if (!known.has(name)) problems.push(`${place}: ${name} is in no config schema of ${app}`);
    else if (value !== undefined && value !== '') {
      const parsed = known.get(name)?.safeParse(value);
      if (parsed?.success === false) problems.push(`${place}: ${name} ${parsed.error.issues[0].message}`);
    }
  }
  const names = new Set(given.map(([name]) => name));
  for (const [name, schema] of isWhole ? known : []) {
    if (schema !== undefined && !names.has(name) && !schema.safeParse(undefined).success) problems.push(`${place}: ${name} must be set`);
  }
  return problems;
}
