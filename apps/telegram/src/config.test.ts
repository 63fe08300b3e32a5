import { describe, expect, it } from 'vitest';
import { readTelegramConfig } from './config.js';

const TELEGRAM_BOT_TOKEN = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw';

describe('the bot and its environment', () => {
  it('needs a token only', () => {
    expect(readTelegramConfig({ TELEGRAM_BOT_TOKEN, TELEGRAM_API_ROOT: '' })).toEqual({ token: TELEGRAM_BOT_TOKEN, apiRoot: 'https://api.telegram.org', attention: 'addressed', editEveryMs: 1_200 });
  });

  it('takes a webhook with a secret, and an API root without its slash', () => {
    const environment = { TELEGRAM_BOT_TOKEN, TELEGRAM_API_ROOT: 'http://bots.example:8081/', TELEGRAM_WEBHOOK_URL: 'https://nexus.example/telegram', TELEGRAM_WEBHOOK_SECRET: 'x'.repeat(32) };
    expect(readTelegramConfig(environment)).toMatchObject({ apiRoot: 'http://bots.example:8081', webhook: { url: 'https://nexus.example/telegram', secret: 'x'.repeat(32), host: '127.0.0.1', port: 8443 } });
  });

  it.each([
    ['TELEGRAM_BOT_TOKEN', {}],
    ['TELEGRAM_BOT_TOKEN', { TELEGRAM_BOT_TOKEN: 'my secret' }],
    ['TELEGRAM_WEBHOOK_SECRET', { TELEGRAM_BOT_TOKEN, TELEGRAM_WEBHOOK_URL: 'https://nexus.example/' }],
    ['TELEGRAM_API_ROOT', { TELEGRAM_BOT_TOKEN, TELEGRAM_API_ROOT: 'api.telegram.org' }],
    ['TELEGRAM_GROUPS', { TELEGRAM_BOT_TOKEN, TELEGRAM_GROUPS: 'some' }],
  ])('is told that %s is wrong, not what it is', (name, environment) => {
    expect(() => readTelegramConfig(environment)).toThrow(expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(name) }) as Error);
    expect(() => readTelegramConfig(environment)).not.toThrow('my secret');
  });
});
