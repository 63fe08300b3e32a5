/**
 * `npm run compose:init`: the secrets of deploy/compose, made where they are missing and never changed: `.env` for Compose, the service
 * token as a file for Prometheus, an empty file for the keys of providers, and the file that says whom Alertmanager tells. Run it as often as you like. `--folder <path>` writes there
 * instead. No secret is printed.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { main, root, ScriptError } from './process.mjs';

const secret = () => randomBytes(32).toString('hex');

/** Each variable with what makes its first value. */
const generated = {
  NEXUS_SERVICE_TOKEN: secret,
  POSTGRES_PASSWORD: secret,
  REDIS_PASSWORD: secret,
  GRAFANA_PASSWORD: () => randomBytes(12).toString('hex'),
  NEXUS_DEV_API_KEY: () => `nxs_${secret()}`,
};

/** The names that a file of variables sets, with their values; an empty value counts as not set. */
function readVariables(text) {
  return new Map(text.split('\n').flatMap((line) => {
    const [, name, value] = /^\s*([A-Z_][A-Z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return name === undefined || value === '' ? [] : [[name, value.replace(/^(["'])(.*)\1$/, '$2')]];
  }));
}

/** Written beside and renamed, so that nobody ever reads half of it. */
function write(file, text, mode) {
  writeFileSync(`${file}.new`, text, { mode });
  chmodSync(`${file}.new`, mode);
  renameSync(`${file}.new`, file);
}

await main(async () => {
  const { values } = parseArgs({ options: { folder: { type: 'string', default: join(root, 'deploy/compose') } } });
  const folder = resolve(values.folder);
  if (!existsSync(folder)) throw new ScriptError(`${folder} is not there`);
  const file = join(folder, '.env');
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '# Made by `npm run compose:init`. What is here stays; add what you like.\n';
  const known = readVariables(before);
  const made = Object.entries(generated).filter(([name]) => !known.has(name)).map(([name, make]) => [name, make()]);
  const kept = before === '' || before.endsWith('\n') ? before : `${before}\n`;
  if (made.length > 0) write(file, kept + made.map(([name, value]) => `${name}=${value}\n`).join(''), 0o600);

  const keys = join(folder, 'providers.env');
  if (!existsSync(keys)) write(keys, '# Keys of providers, a line each: OPENAI_API_KEY=...\n', 0o600);

  // Prometheus and Alertmanager run as users of their own, to whom the files must be readable; on this machine the folder lets nobody else in.
  const secrets = join(folder, '.secrets');
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  write(join(secrets, 'service-token'), new Map([...known, ...made]).get('NEXUS_SERVICE_TOKEN'), 0o644);
  const alerts = join(secrets, 'alertmanager.yml');
  if (!existsSync(alerts)) write(alerts, readFileSync(join(root, 'deploy/compose/alertmanager.example.yml'), 'utf8'), 0o644);
  console.log(made.length > 0 ? `${file}: made ${made.map(([name]) => name).join(', ')}` : `${file}: nothing was missing`);
});
