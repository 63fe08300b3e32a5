import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, spawnService, startFakeDiscord, startFakeProvider, waitFor, type FakeDiscord, type FakeProvider, type Service } from '@nexus/testing';
import { call, root, startNexusApart, type Nexus } from './nexus-apart.js';

/** NEXUS with one model that answers as the test says, Discord, and the adapter between them: each a process of its own, but for the fakes. */
export interface DiscordNexus {
  readonly nexus: Nexus;
  readonly provider: FakeProvider;
  readonly discord: FakeDiscord;
  readonly adapter: Service;
  stop(): Promise<void>;
}

const providers = (url: string): string => `providers:
  - name: fake
    base_url: ${url}
    offered_when: always
    models:
      - { id: "fake", price: { input: 0.001, output: 0.001 }, max_output_tokens: 8000, context_window: 10000000, supports: { tools: true, vision: true } }
`;

const AGENTS = `agents:
  default:
    instructions: Answer.
    model: fake
    tools: []
`;

/** Starts everything; the adapter has a surface key for Discord only. */
export async function startDiscordNexus(): Promise<DiscordNexus> {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-discord-'));
  const provider = await startFakeProvider({ models: ['fake'] });
  const discord = await startFakeDiscord({ requestsPerWindow: 40, windowMs: 1_000 });
  const ends: (() => Promise<unknown>)[] = [() => discord.close(), () => provider.close(), async () => rmSync(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let end = ends.shift(); end !== undefined; end = ends.shift()) await end();
  };
  for (const [name, text] of [['providers.yaml', providers(provider.url)], ['agents.yaml', AGENTS], ['prices.json', '{"models":{}}']] as const) writeFileSync(join(folder, name), text);
  try {
    const nexus = await startNexusApart({ NEXUS_CONFIG_DIR: folder });
    ends.unshift(() => nexus.stop());
    const { key, secret } = (await call(nexus.urls.gateway, 'nexus.settings.v1.SettingsService/CreateKey', { name: 'discord', kind: 'KEY_KIND_SURFACE', surfaces: ['discord'] })) as { key: { id: string }; secret: string };
    const port = await freePort();
    const env = {
      REDIS_URL: nexus.redisUrl,
      NEXUS_GATEWAY_URL: nexus.urls.gateway,
      NEXUS_SURFACE_TOKEN: secret,
      NEXUS_SURFACE_KEY_ID: key.id,
      NEXUS_DISCORD_PORT: String(port),
      NEXUS_LOG_LEVEL: 'warn',
      DISCORD_BOT_TOKEN: discord.token,
      DISCORD_REST_URL: discord.restUrl,
      DISCORD_EDIT_EVERY_MS: '200',
    };
    const adapter = await spawnService({ args: [join(root, 'apps/discord/dist/main.js')], env, ready: { port }, readyWithinMs: 60_000 });
    ends.unshift(() => adapter.stop());
    await waitFor(() => discord.gateway.connections === 1, { timeoutMs: 10_000, what: 'the bot at the gateway of Discord' });
    return { nexus, provider, discord, adapter, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
