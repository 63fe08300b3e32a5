import { adapterProcessEnvironment, invalidConfiguration, type Environment } from '@nexus/runtime';
import { z } from 'zod';
import type { DiscordSurfaceOptions } from './discord-surface.js';

/** Where the adapter tells its health and its metrics, unless NEXUS_DISCORD_PORT says another one. */
export const DISCORD_PORT = 50_063;

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' });
const flag = z.enum(['true', 'false'], 'must be true or false');
const snowflake = /^\d{17,20}$/;

/** The bot's variables; `npm start` reads them too. */
export const discordEnvironmentSchema = z.object({
  DISCORD_BOT_TOKEN: z
    .string("must be set: the page of the application at discord.com/developers, section Bot, tells it")
    .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'must have three parts with dots between; the page of the application, section Bot, tells it')
    .describe('Token of the bot, as the page of the application at discord.com/developers tells it. With it `npm start` runs the bot too.'),
  DISCORD_APPLICATION_ID: z
    .string()
    .regex(snowflake, 'must be the application id, 17 to 20 digits; the page of the application tells it')
    .optional()
    .describe('Id of the application. Default: the one that the token names.'),
  DISCORD_REST_URL: httpUrl.default('https://discord.com/api').describe('Where the REST API of Discord answers, without the version.'),
  DISCORD_GATEWAY_URL: z.url({ protocol: /^wss?$/, error: 'must be a URL that begins with ws:// or wss://' }).optional().describe('Where the gateway of Discord answers, also to a bot that resumes. Default: as the API tells.'),
  DISCORD_MESSAGE_CONTENT: flag
    .default('false')
    .describe('true: asks for the content of all messages, so that in its own threads the bot needs no mention. The Message Content Intent must be allowed on the page of the application.'),
  DISCORD_OPEN_THREADS: flag.default('false').describe('true: in a channel the bot answers each mention in a thread of its own.'),
  DISCORD_REGISTER_COMMANDS: flag.default('true').describe('false: the slash commands are not registered at start.'),
  DISCORD_CATCH_UP_MINUTES: z.coerce
    .number('must be a number of minutes')
    .int('must be a whole number of minutes')
    .min(0, 'must be at least 0')
    .max(10_080, 'must be at most 10080')
    .default(720)
    .describe('Messages that came while no bot ran are looked up and answered if they are not older than this; 0 for never. A short absence needs none of it: the gateway then tells what was missed.'),
  DISCORD_EDIT_EVERY_MS: z.coerce
    .number('must be milliseconds')
    .int('must be whole milliseconds')
    .min(100, 'must be at least 100')
    .max(60_000, 'must be at most 60000')
    .default(1_200)
    .describe('Milliseconds between two changes of one message while its answer grows. Discord allows about five changes in five seconds a channel.'),
  DISCORD_PUBLIC_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be the public key of the application, 64 hexadecimal digits')
    .optional()
    .describe('Public key of the application: with it the bot also takes interactions over HTTP, for applications with an Interactions Endpoint URL.'),
  DISCORD_INTERACTIONS_HOST: z.string().min(1).default('127.0.0.1').describe('Address on which interactions are taken.'),
  DISCORD_INTERACTIONS_PORT: z.coerce
    .number('must be a port number')
    .int('must be a port number')
    .min(0, 'must be a port number')
    .max(65_535, 'must be at most 65535')
    .default(8444)
    .describe('Port on which interactions are taken, without TLS: a proxy before it has the certificate.'),
});

/** What the adapter's process goes by, beside the bot and NEXUS. */
export const discordProcessEnvironmentSchema = adapterProcessEnvironment('discord', DISCORD_PORT);

/** How the adapter reaches NEXUS when it is a process of its own; `npm start` needs none of it. */
export const discordAdapterEnvironmentSchema = z.object({
  NEXUS_SURFACE_TOKEN: z
    .string('must be set: the secret that `nexus keys create "discord bot" --surface discord` shows')
    .describe('Secret of a key for the surface: `nexus keys create "discord bot" --surface discord` shows it.'),
  NEXUS_SURFACE_KEY_ID: z.string().optional().describe('Id of that key, which `nexus keys create` and `nexus keys list` tell; must be set where REDIS_URL is.'),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a URL that begins with redis:// or rediss://' }).optional().describe('Redis of the NEXUS: messages and answers go over it. Not set: they go over a WebSocket of the gateway.'),
  NEXUS_REDIS_PREFIX: z.string().default('').describe('Put before every Redis key.'),
  NEXUS_GATEWAY_URL: httpUrl.default('http://127.0.0.1:8080').describe('The gateway: for files, and for everything where REDIS_URL is not set.'),
  NEXUS_ADAPTER_NAME: z.string().regex(/^[\w-]{1,100}$/, 'may hold letters, digits, dash and underscore, at most 100').default('discord').describe('Name of this adapter among those that use the key, stable over restarts.'),
  NEXUS_ADAPTER_DATA_DIR: z.string().min(1).default('.nexus/adapters/discord').describe('Folder of what the adapter remembers; with REDIS_URL that is in Redis.'),
  NEXUS_AGENT: z.string().optional().describe("Agent that is asked; default: NEXUS's own default."),
});

/** How the adapter reaches NEXUS. */
export interface DiscordAdapterConfig {
  readonly token: string;
  /** Undefined: over the gateway. */
  readonly redis: { readonly redisUrl: string; readonly prefix: string; readonly keyId: string } | undefined;
  readonly gatewayUrl: string;
  readonly name: string;
  readonly folder: string;
  readonly agent: string | undefined;
}

/** Reads how the adapter reaches NEXUS. Throws AppError `invalid_configuration`, as readDiscordConfig does. */
export function readDiscordAdapterConfig(environment: Environment): DiscordAdapterConfig {
  const parsed = discordAdapterEnvironmentSchema
    .refine((read) => read.REDIS_URL === undefined || read.NEXUS_SURFACE_KEY_ID !== undefined, { path: ['NEXUS_SURFACE_KEY_ID'], message: 'must be set where REDIS_URL is: `nexus keys list` tells it' })
    .safeParse(withoutEmpty(environment));
  if (!parsed.success) throw invalidConfiguration('discord', parsed.error);
  const read = parsed.data;
  return {
    token: read.NEXUS_SURFACE_TOKEN,
    redis: read.REDIS_URL === undefined ? undefined : { redisUrl: read.REDIS_URL, prefix: read.NEXUS_REDIS_PREFIX, keyId: read.NEXUS_SURFACE_KEY_ID ?? '' },
    gatewayUrl: read.NEXUS_GATEWAY_URL.replace(/\/+$/, ''),
    name: read.NEXUS_ADAPTER_NAME,
    folder: read.NEXUS_ADAPTER_DATA_DIR,
    agent: read.NEXUS_AGENT,
  };
}

/** What the variables say; the surface is made from it and a memory. */
export type DiscordConfig = Omit<DiscordSurfaceOptions, 'memory' | 'observer' | 'maxFileBytes'>;

/** Reads the bot's variables. Throws AppError `invalid_configuration` that names what is wrong, and no value. An empty variable counts as unset. */
export function readDiscordConfig(environment: Environment): DiscordConfig {
  const parsed = discordEnvironmentSchema
    .transform((read) => ({ ...read, applicationId: read.DISCORD_APPLICATION_ID ?? applicationOf(read.DISCORD_BOT_TOKEN) }))
    .refine(({ applicationId }) => snowflake.test(applicationId), { path: ['DISCORD_APPLICATION_ID'], message: 'must be set: the token does not name the application' })
    .safeParse(withoutEmpty(environment));
  if (!parsed.success) throw invalidConfiguration('discord', parsed.error);
  const read = parsed.data;
  return {
    token: read.DISCORD_BOT_TOKEN,
    applicationId: read.applicationId,
    restUrl: read.DISCORD_REST_URL.replace(/\/+$/, ''),
    ...(read.DISCORD_GATEWAY_URL !== undefined && { gatewayUrl: read.DISCORD_GATEWAY_URL.replace(/\/+$/, '') }),
    readsAllMessages: read.DISCORD_MESSAGE_CONTENT === 'true',
    opensThreads: read.DISCORD_OPEN_THREADS === 'true',
    registersCommands: read.DISCORD_REGISTER_COMMANDS === 'true',
    catchUpMs: read.DISCORD_CATCH_UP_MINUTES * 60_000,
    editEveryMs: read.DISCORD_EDIT_EVERY_MS,
    ...(read.DISCORD_PUBLIC_KEY !== undefined && { interactions: { host: read.DISCORD_INTERACTIONS_HOST, port: read.DISCORD_INTERACTIONS_PORT, publicKey: read.DISCORD_PUBLIC_KEY } }),
  };
}

/** The first part of a token is the id of its bot, which for all but the oldest bots is that of the application. */
function applicationOf(token: string): string {
  return Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString('latin1');
}

function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
}
