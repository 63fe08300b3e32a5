import type { ProviderStatus } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';
import { count } from './count.js';
import { oneLine } from './one-line.js';

export type PostgresFound = { readonly kind: 'given'; readonly place: string } | { readonly kind: 'private'; readonly folder: string; readonly port: number };
export type ChannelsFound = { readonly kind: 'given'; readonly place: string } | { readonly kind: 'private'; readonly url: string } | { readonly kind: 'twin' };
export type KeyFound = { readonly kind: 'given' } | { readonly kind: 'made'; readonly file: string; readonly secret: string };

/** What `nexus up` stands on. */
export interface Found {
  readonly postgres: PostgresFound;
  readonly channels: ChannelsFound;
  readonly providers: readonly ProviderStatus[];
  readonly key: KeyFound;
  /** The development tenant's ceiling a day, in micro-USD; undefined when it has none. */
  readonly dailyLimit: number | undefined;
  readonly logFile: string;
}

const OLLAMA = 'ollama';
const DEMO = 'demo';

/** A line or two for each of what was found; of keys only where they are, save the one that was made here. */
export function foundLines({ postgres, channels, providers, key, dailyLimit, logFile }: Found): string[] {
  return aligned([
    ['Postgres', postgres.kind === 'given' ? `${postgres.place} (DATABASE_URL)` : `private, port ${postgres.port}, files in ${postgres.folder}`],
    ...redisRows(channels),
    ['Providers', providersText(providers)],
    ['Ollama', ollamaText(providers.find(({ name }) => name === OLLAMA))],
    ['Budget', dailyLimit === undefined ? 'no daily ceiling for the development tenant' : `the development tenant may spend ${formatUsd(dailyLimit)} a day`],
    ['Key', key.kind === 'given' ? 'that of NEXUS_DEV_API_KEY' : `${key.secret} (kept in ${key.file})`],
    ['Log', logFile],
  ]);
}

function redisRows(channels: ChannelsFound): [string, string][] {
  switch (channels.kind) {
    case 'given':
      return [['Redis', `${channels.place} (REDIS_URL)`]];
    case 'private':
      return [['Redis', `private redis-server: ${channels.url}`], ['', 'other processes of this machine may publish there']];
    case 'twin':
      return [
        ['Redis', 'none found: channels are an in-memory twin inside this process'],
        ['', 'other processes use the HTTP API. To have Redis: apt-get install redis-server (Debian, Ubuntu),'],
        ['', 'brew install redis (macOS), or set REDIS_URL; then start again'],
      ];
  }
}

function providersText(providers: readonly ProviderStatus[]): string {
  const ready = providers.filter((provider) => provider.isConfigured && provider.name !== OLLAMA);
  const withKey = ready.filter((provider) => provider.keyVariable !== '').map((provider) => provider.name);
  const without = ready.filter((provider) => provider.keyVariable === '').map(({ name }) => (name === DEMO ? 'demo (answers by fixed rules, no AI)' : name));
  const keys = withKey.length === 0 ? 'none with a key yet: npx nexus providers add openai --key-stdin' : `with a key: ${withKey.join(', ')}`;
  return [...without, keys].join('; ');
}

function ollamaText(ollama: ProviderStatus | undefined): string {
  if (ollama === undefined) return 'not in providers.yaml';
  if (!ollama.isConfigured) return `not running at ${ollama.baseUrl}`;
  const models = ollama.models.filter((model) => !model.includes('*'));
  return `running at ${ollama.baseUrl} with ${count(models.length, 'model')}${models.length === 0 ? '' : `: ${oneLine(models.join(', '), 80)}`}`;
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}
