/** docs/configuration.md: every environment variable, from the zod schemas of the config.ts files. */
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tenantConfigKeys } from '@nexus/contracts';
import { environmentSchema } from '@nexus/runtime';
import { parse } from 'yaml';
import { code, generatedNote, table } from './markdown.mjs';

/** Packages with a config.ts of variables, but runtime, whose variables are those of every service. */
export function packagesWithVariables(root) {
  return ['libs', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent)).flatMap((name) => {
      const folder = join(root, 'node_modules/@nexus', name);
      const source = join(folder, 'src/config.ts');
      // a config.ts without a schema only passes on what the system itself sets, such as PATH
      if (name === 'runtime' || !existsSync(source) || !/from 'zod'/.test(readFileSync(source, 'utf8'))) return [];
      return [{ title: name, path: `${parent}/${name}/src/config.ts`, folder: realpathSync(folder) }];
    }),
  );
}

/** The schemas that the built config.ts exports. */
export async function schemasOf({ path, folder }) {
  const built = join(folder, 'dist/config.js');
  if (!existsSync(built)) throw new Error(`${path} is not built yet: npm run build`);
  const schemas = Object.values(await import(pathToFileURL(built).href)).filter((value) => value?._zod?.def.type === 'object');
  if (schemas.length === 0) throw new Error(`${path} must export the zod schema of its variables, or nobody can read of them`);
  return schemas;
}

/** What an unset variable means, or undefined. */
function defaultOf(schema) {
  const { type, defaultValue, innerType, in: input } = schema._zod.def;
  if (type === 'default') return defaultValue;
  const inner = type === 'pipe' ? input : innerType;
  return inner?._zod === undefined ? undefined : defaultOf(inner);
}

function row(path, name, schema) {
  if (!schema.description) throw new Error(`${path}: ${name} needs .describe('...')`);
  const byDefault = defaultOf(schema);
  const isRequired = byDefault === undefined && !schema.safeParse(undefined).success;
  return [code(name), isRequired ? 'must be set' : byDefault === undefined ? 'not set' : byDefault === '' ? 'empty' : code(byDefault), schema.description];
}

function providersTable(root) {
  const { providers } = parse(readFileSync(join(root, 'config/providers.yaml'), 'utf8'));
  const rows = providers
    .filter((provider) => provider.api_key_env !== undefined || provider.base_url_env !== undefined)
    .map((provider) => [code(provider.name), [provider.api_key_env ?? []].flat().map(code).join(' or '), provider.base_url_env ? code(provider.base_url_env) : '', provider.base_url ? code(provider.base_url) : 'none: offered only where the variable is set']);
  return table(['provider', 'key', 'base URL', 'its default'], rows);
}

/** Where each group of a tenant's keys is told of, by how the keys begin. */
const tenantPages = { prices: 'prices-and-reports.md', billing: 'prices-and-reports.md', invoice: 'prices-and-reports.md', plan: 'prices-and-reports.md', routing: 'routing.md', cache: 'routing.md', identity: 'identity.md' };

function tenantTable(root) {
  const rows = tenantConfigKeys.map((key) => {
    const page = tenantPages[key.split('.')[0]];
    if (page === undefined || !readFileSync(join(root, 'docs', page), 'utf8').includes(code(key))) throw new Error(`the tenant's key ${key} must be told of in a page that scripts/docs/configuration-page.mjs names`);
    return [code(key), `[${page}](${page})`];
  });
  return table(['key', 'what it does, or where that is told'], [[code('agent.NAME.model'), 'the model, tier or `auto` of an agent, such as `agent.default.model`'], ...rows]);
}

/** The page. */
export async function configurationPage(root) {
  const section = (title, path, schemas) => {
    const rows = schemas.flatMap((schema) => Object.entries(schema.shape).map(([name, variable]) => row(path, name, variable)));
    return `## ${title}\n\n${table(['variable', 'default', 'meaning'], rows)}`;
  };
  const sections = [section('Every service', 'libs/runtime/src/config.ts', [environmentSchema])];
  for (const described of packagesWithVariables(root)) sections.push(section(described.title, described.path, await schemasOf(described)));
  return `${[
    generatedNote('the `config.ts` files and `config/providers.yaml`'),
    '# Configuration',
    'NEXUS is configured by environment variables and by the files in `config/`. `npm start` reads `.env` too. A value that is wrong stops the start, with the name of the variable and what to do. An empty variable counts as unset.',
    ...sections,
    `## Providers\n\nEach provider in \`config/providers.yaml\` names its variables; the file explains itself.\n\n${providersTable(root)}`,
    `## What a tenant sets\n\nNot variables but settings of each tenant, which every service goes by within moments: \`nexus config show\`, \`nexus config set KEY VALUE\`, \`nexus config unset KEY\`.\n\n${tenantTable(root)}`,
  ].join('\n\n')}\n`;
}
