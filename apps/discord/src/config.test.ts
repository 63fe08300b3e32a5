import { expect, it } from 'vitest';
import { readDiscordConfig, readDiscordAdapterConfig } from './config.js';

const token = `${Buffer.from('123456789012345678').toString('base64url')}.GaBcDe.abcdefghijklmnop`;

it('needs the token only, and reads the application from it', () => {
  expect(readDiscordConfig({ DISCORD_BOT_TOKEN: token, DISCORD_PUBLIC_KEY: '' })).toEqual({
    token, applicationId: '123456789012345678', restUrl: 'https://discord.com/api', readsAllMessages: false, opensThreads: false, registersCommands: true, catchUpMs: 43_200_000, editEveryMs: 1_200,
  });
});

it('takes other addresses, and an endpoint for interactions with a public key', () => {
  const config = readDiscordConfig({
    DISCORD_BOT_TOKEN: token, DISCORD_APPLICATION_ID: '99999999999999999', DISCORD_REST_URL: 'http://127.0.0.1:1/api/', DISCORD_GATEWAY_URL: 'ws://127.0.0.1:1/gateway',
    DISCORD_MESSAGE_CONTENT: 'true', DISCORD_OPEN_THREADS: 'true', DISCORD_REGISTER_COMMANDS: 'false', DISCORD_CATCH_UP_MINUTES: '0', DISCORD_EDIT_EVERY_MS: '500', DISCORD_PUBLIC_KEY: 'ab'.repeat(32), DISCORD_INTERACTIONS_PORT: '9',
  });
  expect(config).toEqual({
    token, applicationId: '99999999999999999', restUrl: 'http://127.0.0.1:1/api', gatewayUrl: 'ws://127.0.0.1:1/gateway', readsAllMessages: true, opensThreads: true, registersCommands: false, catchUpMs: 0, editEveryMs: 500,
    interactions: { host: '127.0.0.1', port: 9, publicKey: 'ab'.repeat(32) },
  });
});

it.each([
  [{}, 'DISCORD_BOT_TOKEN must be set'],
  [{ DISCORD_BOT_TOKEN: 'secret-that-is-none' }, 'DISCORD_BOT_TOKEN must have three parts'],
  [{ DISCORD_BOT_TOKEN: 'bm8.aa.bb' }, 'DISCORD_APPLICATION_ID must be set'],
  [{ DISCORD_BOT_TOKEN: token, DISCORD_PUBLIC_KEY: 'x' }, 'DISCORD_PUBLIC_KEY must be the public key'],
  [{ DISCORD_BOT_TOKEN: token, DISCORD_GATEWAY_URL: 'http://x' }, 'DISCORD_GATEWAY_URL must be a URL'],
  [{ DISCORD_BOT_TOKEN: token, DISCORD_OPEN_THREADS: 'yes' }, 'DISCORD_OPEN_THREADS must be true or false'],
])('says what is wrong with %j and quotes no value', (environment, message) => {
  expect(() => readDiscordConfig(environment)).toThrow(message);
  expect(() => readDiscordConfig(environment)).not.toThrow('secret-that-is-none');
});

it('reaches NEXUS over Redis where one is named, else over the gateway', () => {
  const token = 'nxs_0123456789abcdef';
  expect(readDiscordAdapterConfig({ NEXUS_SURFACE_TOKEN: token, NEXUS_SURFACE_KEY_ID: 'k', REDIS_URL: 'redis://r', NEXUS_REDIS_PREFIX: 'p:' })).toEqual({
    token, redis: { redisUrl: 'redis://r', prefix: 'p:', keyId: 'k' }, gatewayUrl: 'http://127.0.0.1:8080', name: 'discord', folder: '.nexus/adapters/discord', agent: undefined,
  });
  expect(readDiscordAdapterConfig({ NEXUS_SURFACE_TOKEN: token, NEXUS_GATEWAY_URL: 'https://nexus.example/', NEXUS_AGENT: 'a' })).toMatchObject({ redis: undefined, gatewayUrl: 'https://nexus.example', agent: 'a' });
  expect(() => readDiscordAdapterConfig({})).toThrow('NEXUS_SURFACE_TOKEN must be set');
  expect(() => readDiscordAdapterConfig({ NEXUS_SURFACE_TOKEN: token, REDIS_URL: 'redis://r' })).toThrow('NEXUS_SURFACE_KEY_ID must be set');
});
