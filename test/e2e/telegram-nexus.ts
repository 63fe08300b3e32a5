import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, spawnService, startFakeProvider, startFakeTelegram, type FakeProvider, type FakeTelegram, type Service } from '@nexus/testing';
import { call, root, startNexusApart, type Nexus } from './nexus-apart.js';

/** All of NEXUS, a model that says what it is told to, Telegram, and the adapter between them: each a process of its own. */
export interface TelegramNexus {
  readonly nexus: Nexus;
  readonly provider: FakeProvider;
  readonly telegram: FakeTelegram;
  readonly adapter: Service;
  /** One more adapter, over the gateway instead of Redis and with a webhook instead of polling, for a bot of its own. */
  startApart(): Promise<{ readonly telegram: FakeTelegram; readonly adapter: Service }>;
  stop(): Promise<void>;
}

/** The one model. */
const PROVIDERS = (url: string): string => [
  'providers:', '  - name: fake', `    base_url: ${url}`, '    offered_when: always', '    models:',
  '      - { id: "fake", price: free, max_output_tokens: 8000, context_window: 10000000, supports: { tools: true, vision: true } }', '',
].join('\n');

/** Starts everything. */
export async function startTelegramNexus(): Promise<TelegramNexus> {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-telegram-'));
  const [provider, telegram] = await Promise.all([startFakeProvider({ models: ['fake'] }), startFakeTelegram()]);
  writeFileSync(join(folder, 'providers.yaml'), PROVIDERS(provider.url));
  writeFileSync(join(folder, 'agents.yaml'), ['agents:', '  default:', '    instructions: Answer.', '    model: fake', '    tools: []', ''].join('\n'));
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
  const stops: (() => Promise<unknown>)[] = [() => telegram.stop(), () => provider.close()];
  const stop = async (): Promise<void> => {
    for (const end of stops.toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const nexus = await startNexusApart({ NEXUS_CONFIG_DIR: folder });
    stops.push(() => nexus.stop());
    const { key, secret } = (await call(nexus.urls.gateway, 'nexus.settings.v1.SettingsService/CreateKey', { name: 'bot', kind: 'KEY_KIND_SURFACE', surfaces: ['telegram'] })) as { key: { id: string }; secret: string };
    const start = async (bot: FakeTelegram, more: Readonly<Record<string, string>>): Promise<Service> => {
      const port = await freePort();
      const env = {
        NEXUS_GATEWAY_URL: nexus.urls.gateway,
        NEXUS_SURFACE_TOKEN: secret,
        NEXUS_LOG_LEVEL: 'warn',
        NEXUS_TELEGRAM_PORT: String(port),
        TELEGRAM_BOT_TOKEN: bot.token,
        TELEGRAM_API_ROOT: bot.url,
        TELEGRAM_EDIT_EVERY_MS: '200',
        ...more,
      };
      const adapter = await spawnService({ args: [join(root, 'apps/telegram/dist/main.js')], env, ready: { port }, readyWithinMs: 60_000 });
      stops.push(() => adapter.stop());
      return adapter;
    };
    const startApart = async (): Promise<{ telegram: FakeTelegram; adapter: Service }> => {
      const bot = await startFakeTelegram({ token: '220201543:token-of-another-bot' });
      stops.push(() => bot.stop());
      const port = String(await freePort());
      const webhook = { TELEGRAM_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`, TELEGRAM_WEBHOOK_SECRET: 'secret-of-the-webhook', TELEGRAM_WEBHOOK_PORT: port };
      return { telegram: bot, adapter: await start(bot, { ...webhook, NEXUS_ADAPTER_DATA_DIR: join(folder, 'adapter') }) };
    };
    const adapter = await start(telegram, { REDIS_URL: nexus.redisUrl, NEXUS_SURFACE_KEY_ID: key.id });
    return { nexus, provider, telegram, adapter, startApart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
