import { adapterProcessEnvironment, invalidConfiguration, type Environment } from '@nexus/runtime';
import { z } from 'zod';
import type { TelegramOptions } from './telegram-surface.js';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' });
const port = z.coerce.number('must be a port number').int('must be a port number').min(0, 'must be a port number').max(65_535, 'must be at most 65535');

/** The bot's variables; `npm start` reads them too. */
export const telegramEnvironmentSchema = z.object({
  TELEGRAM_BOT_TOKEN: z
    .string('must be set: @BotFather tells it')
    .regex(/^\d{1,20}:[\w-]{10,}$/, 'must look like 123456789:AAF...; @BotFather tells it')
    .describe('Token of the bot, as @BotFather tells it. With it `npm start` runs the bot too.'),
  TELEGRAM_API_ROOT: httpUrl.default('https://api.telegram.org').describe('Where the Bot API answers; another one is a Bot API server of your own. Files are fetched through it too.'),
  TELEGRAM_GROUPS: z
    .enum(['addressed', 'all'], 'must be addressed or all')
    .default('addressed')
    .describe('Which messages of groups are answered: those that name the bot, answer it or are a command (`addressed`), or `all` that Telegram gives it.'),
  TELEGRAM_EDIT_EVERY_MS: z.coerce.number('must be milliseconds').int('must be whole milliseconds').min(50, 'must be at least 50').max(60_000, 'must be at most 60000').default(1_200).describe('Milliseconds between two changes of an answer that grows. Telegram asks bots to wait that change messages much more often than once a second.'),
  TELEGRAM_WEBHOOK_URL: z.url({ protocol: /^https?$/, error: 'must be a URL that begins with https://' }).optional().describe('Public address to which Telegram posts updates. Not set: the bot asks for them (long polling), which needs no public address.'),
  TELEGRAM_WEBHOOK_SECRET: z
    .string()
    .regex(/^[\w-]{16,256}$/, 'must have 16 to 256 letters, digits, - or _; make one with: openssl rand -hex 32')
    .optional()
    .describe('Secret that Telegram sends with every update; must be set where TELEGRAM_WEBHOOK_URL is.'),
  TELEGRAM_WEBHOOK_HOST: z.string().min(1).default('127.0.0.1').describe('Address that the webhook listens on.'),
  TELEGRAM_WEBHOOK_PORT: port.default(8443).describe('Port that the webhook listens on, without TLS: a proxy before it has the certificate.'),
});

/** Where the adapter tells its health and its metrics when nothing else is said. */
export const DEFAULT_PORT = 50_062;

/** What the adapter's process goes by, beside the bot and NEXUS. */
export const telegramProcessEnvironmentSchema = adapterProcessEnvironment('telegram', DEFAULT_PORT);

/** How the adapter reaches NEXUS when it is a process of its own. */
export const telegramAdapterEnvironmentSchema = z.object({
  NEXUS_SURFACE_TOKEN: z.string('must be set: the secret that `nexus keys create "telegram bot" --surface telegram` shows').min(1).describe('Secret of a key for the surface: `nexus keys create "telegram bot" --surface telegram` shows it.'),
  NEXUS_SURFACE_KEY_ID: z.string().optional().describe('Id of that key, which `nexus keys create` and `nexus keys list` tell; must be set where REDIS_URL is.'),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a URL that begins with redis:// or rediss://' }).optional().describe('Redis of the NEXUS: messages and answers go over it. Not set: they go over a WebSocket of the gateway.'),
  NEXUS_REDIS_PREFIX: z.string().default('').describe('Put before every Redis key.'),
  NEXUS_GATEWAY_URL: httpUrl.default('http://127.0.0.1:8080').describe('The gateway: for files, and for everything where REDIS_URL is not set.'),
  NEXUS_ADAPTER_NAME: z.string().regex(/^[\w-]{1,100}$/, 'may hold letters, digits, dash and underscore, at most 100').default('telegram').describe('Name of this adapter among those that use the key, stable over restarts.'),
  NEXUS_ADAPTER_DATA_DIR: z.string().min(1).default('.nexus/adapters/telegram').describe('Folder of what the adapter remembers of messages without an answer; with REDIS_URL that is in Redis.'),
  NEXUS_AGENT: z.string().optional().describe("Agent that is asked; default: NEXUS's own default."),
});

/** How the adapter reaches NEXUS. */
export interface TelegramAdapterConfig {
  readonly token: string;
  /** Undefined: over the gateway. */
  readonly redis: { readonly url: string; readonly prefix: string; readonly keyId: string } | undefined;
  readonly gatewayUrl: string;
  readonly name: string;
  readonly folder: string;
  readonly agent: string | undefined;
}

/** Reads how the adapter reaches NEXUS. Throws AppError `invalid_configuration` that names what is wrong, and no value. */
export function readTelegramAdapterConfig(environment: Environment): TelegramAdapterConfig {
  const parsed = telegramAdapterEnvironmentSchema
    .refine((read) => read.REDIS_URL === undefined || read.NEXUS_SURFACE_KEY_ID !== undefined, { path: ['NEXUS_SURFACE_KEY_ID'], message: 'must be set where REDIS_URL is: `nexus keys list` tells it' })
    .safeParse(withoutEmpty(environment));
  if (!parsed.success) throw invalidConfiguration('telegram', parsed.error);
  const read = parsed.data;
  return {
    token: read.NEXUS_SURFACE_TOKEN,
    redis: read.REDIS_URL === undefined ? undefined : { url: read.REDIS_URL, prefix: read.NEXUS_REDIS_PREFIX, keyId: read.NEXUS_SURFACE_KEY_ID ?? '' },
    gatewayUrl: read.NEXUS_GATEWAY_URL.replace(/\/+$/, ''),
    name: read.NEXUS_ADAPTER_NAME,
    folder: read.NEXUS_ADAPTER_DATA_DIR,
    agent: read.NEXUS_AGENT,
  };
}

/** Reads the bot's variables. Throws AppError `invalid_configuration` that names what is wrong, and no value. An empty variable counts as unset. */
export function readTelegramConfig(environment: Environment): TelegramOptions {
  const parsed = telegramEnvironmentSchema
    .refine((read) => read.TELEGRAM_WEBHOOK_URL === undefined || read.TELEGRAM_WEBHOOK_SECRET !== undefined, {
      path: ['TELEGRAM_WEBHOOK_SECRET'],
      message: 'must be set where TELEGRAM_WEBHOOK_URL is; make one with: openssl rand -hex 32',
    })
    .safeParse(withoutEmpty(environment));
  if (!parsed.success) throw invalidConfiguration('telegram', parsed.error);
  const read = parsed.data;
  return {
    token: read.TELEGRAM_BOT_TOKEN,
    apiRoot: read.TELEGRAM_API_ROOT.replace(/\/+$/, ''),
    attention: read.TELEGRAM_GROUPS,
    editEveryMs: read.TELEGRAM_EDIT_EVERY_MS,
    ...(read.TELEGRAM_WEBHOOK_URL !== undefined && {
      webhook: { url: read.TELEGRAM_WEBHOOK_URL, secret: read.TELEGRAM_WEBHOOK_SECRET ?? '', host: read.TELEGRAM_WEBHOOK_HOST, port: read.TELEGRAM_WEBHOOK_PORT },
    }),
  };
}

function withoutEmpty(environment: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));
}
