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
  stop(): Promise<void>;
}

/** The one model. */
const PROVIDERS = (url: string): string => [
  'providers:', '  - name: fake', `    base_url: ${url}`, '    offered_when: always', '    models:',
  '      - { id: "fake", price: free, max_output_tokens: 8000, context_window: 10000000, supports: { tools: true, vision: true } }', '',
].join('\n');

/** Starts everything; `more` is added to the environment of the adapter. */
export async function startTelegramNexus(more: Readonly<Record<string, string>> = {}): Promise<TelegramNexus> {
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
    const port = await freePort();
    const env = {
      REDIS_URL: nexus.redisUrl,
      NEXUS_GATEWAY_URL: nexus.urls.gateway,
      NEXUS_SURFACE_TOKEN: secret,
      NEXUS_SURFACE_KEY_ID: key.id,
      NEXUS_LOG_LEVEL: 'warn',
      NEXUS_TELEGRAM_PORT: String(port),
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.url,
      TELEGRAM_EDIT_EVERY_MS: '200',
      ...more,
    };
    const adapter = await spawnService({ args: [join(root, 'apps/telegram/dist/main.js')], env, ready: { port }, readyWithinMs: 20_000 });
    stops.push(() => adapter.stop());
    return { nexus, provider, telegram, adapter, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
