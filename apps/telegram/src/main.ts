import { fileMemory, gatewayTransport, redisMemory, redisTransport, runAdapter, type Adapter, type AdapterMemory, type AdapterTransport } from '@nexus/adapter-kit';
import { adapterProcess, processEnvironment } from '@nexus/runtime';
import { DEFAULT_PORT, readTelegramAdapterConfig, readTelegramConfig, type TelegramAdapterConfig } from './config.js';
import { reportTo } from './report-to.js';
import { botIdOf, telegramSurface } from './telegram-surface.js';

const environment = processEnvironment();

await adapterProcess({ name: 'telegram', environment, defaultPort: DEFAULT_PORT }, async (own) => {
  const options = readTelegramConfig(environment);
  const nexus = readTelegramAdapterConfig(environment);
  const bot = botIdOf(options.token);
  const running: { adapter?: Adapter } = {};
  const memory = memoryOf(nexus, bot);
  const surface = telegramSurface({ ...options, memory, report: reportTo(own.logger) });
  await own.listen(() => {
    const health = running.adapter?.health();
    return { isReady: health?.isConnected === true && surface.isConnected, open: health?.open ?? 0, oldestOpenMs: health?.oldestOpenMs ?? 0 };
  });
  own.onStop((graceMs) => running.adapter?.stop(graceMs) ?? surface.disconnect());
  const settings = { bot, ...(nexus.agent !== undefined && { agent: nexus.agent }) };
  running.adapter = await runAdapter({ surface, transport: transportOf(nexus), memory, settings, observer: own.reports });
});

function transportOf({ token, redis, gatewayUrl, name }: TelegramAdapterConfig): AdapterTransport {
  if (redis === undefined) return gatewayTransport({ url: gatewayUrl, token });
  return redisTransport({ redisUrl: redis.url, prefix: redis.prefix, keyId: redis.keyId, token, name, gatewayUrl });
}

function memoryOf({ redis, folder }: TelegramAdapterConfig, bot: string): AdapterMemory {
  return redis === undefined ? fileMemory(folder) : redisMemory({ redisUrl: redis.url, prefix: redis.prefix, surface: 'telegram', bot });
}
