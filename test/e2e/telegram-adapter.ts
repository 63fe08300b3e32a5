import { join } from 'node:path';
import { freePort, spawnService, startFakeTelegram, type FakeTelegram, type Service } from '@nexus/testing';
import { call, root, type Nexus } from './nexus-apart.js';

/** The adapter of a Telegram that is not one, beside a NEXUS that runs. */
export interface TelegramAdapter {
  readonly telegram: FakeTelegram;
  readonly adapter: Service;
  /** `http://host:port` of its health and metrics. */
  readonly url: string;
  /** The secret with which it publishes. */
  readonly surfaceToken: string;
  stop(): Promise<void>;
}

/** Starts both, for the development tenant, which serves everybody there. `environment` is added to the adapter's. */
export async function startTelegramAdapter(nexus: Nexus, environment: Readonly<Record<string, string>>): Promise<TelegramAdapter> {
  const settings = (method: string, body: object) => call(nexus.urls.gateway, `nexus.settings.v1.SettingsService/${method}`, body);
  await settings('UpdateConfig', { values: { 'identity.surfaces': '[]' } });
  const { key, secret } = (await settings('CreateKey', { name: 'bot', kind: 'KEY_KIND_SURFACE', surfaces: ['telegram'] })) as { key: { id: string }; secret: string };
  const telegram = await startFakeTelegram();
  const port = await freePort();
  const env = {
    REDIS_URL: nexus.redisUrl, NEXUS_GATEWAY_URL: nexus.urls.gateway, NEXUS_SURFACE_TOKEN: secret, NEXUS_SURFACE_KEY_ID: key.id, NEXUS_TELEGRAM_PORT: String(port),
    TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url, TELEGRAM_EDIT_EVERY_MS: '200', ...environment,
  };
  try {
    const adapter = await spawnService({ args: [join(root, 'apps/telegram/dist/main.js')], env, ready: { port }, readyWithinMs: 20_000 });
    return { telegram, adapter, url: `http://127.0.0.1:${port}`, surfaceToken: secret, stop: () => adapter.stop().then(() => telegram.stop()) };
  } catch (error) {
    await telegram.stop();
    throw error;
  }
}
