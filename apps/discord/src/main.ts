import { fileMemory, gatewayTransport, redisMemory, redisTransport, runAdapter, type Adapter, type AdapterMemory, type AdapterTransport } from '@nexus/adapter-kit';
import { adapterProcess, processEnvironment } from '@nexus/runtime';
import { DISCORD_PORT, readDiscordAdapterConfig, readDiscordConfig, type DiscordAdapterConfig } from './config.js';
import { discordSurface } from './discord-surface.js';
import { reportTo } from './report-to.js';

const environment = processEnvironment();

await adapterProcess({ name: 'discord', environment, defaultPort: DISCORD_PORT }, async (own) => {
  const config = readDiscordConfig(environment);
  const nexus = readDiscordAdapterConfig(environment);
  const bot = config.applicationId;
  const memory = memoryOf(nexus, bot);
  const surface = discordSurface({ ...config, memory, observer: reportTo(own.logger, () => process.exit(1)) });
  const running: { adapter?: Adapter } = {};
  await own.listen(() => {
    const health = running.adapter?.health();
    return { isReady: health?.isConnected === true && surface.isConnected, open: health?.open ?? 0, oldestOpenMs: health?.oldestOpenMs ?? 0 };
  });
  own.onStop((graceMs) => running.adapter?.stop(graceMs) ?? surface.disconnect());
  const settings = { bot, ...(nexus.agent !== undefined && { agent: nexus.agent }) };
  running.adapter = await runAdapter({ surface, transport: transportOf(nexus), memory, settings, observer: own.reports });
});

function transportOf({ token, redis, gatewayUrl, name }: DiscordAdapterConfig): AdapterTransport {
  return redis === undefined ? gatewayTransport({ url: gatewayUrl, token }) : redisTransport({ ...redis, token, name, gatewayUrl });
}

function memoryOf({ redis, folder }: DiscordAdapterConfig, bot: string): AdapterMemory {
  return redis === undefined ? fileMemory(folder) : redisMemory({ redisUrl: redis.redisUrl, prefix: redis.prefix, surface: 'discord', bot });
}
