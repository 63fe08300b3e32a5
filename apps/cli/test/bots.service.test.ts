import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeDiscord, startFakeTelegram, type FakeDiscord, type FakeTelegram, type Service } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, type Place } from './nexus-command.js';

const ann = { id: 11, name: 'Ann' };

describe('nexus up with bots', () => {
  let telegram: FakeTelegram;
  let discord: FakeDiscord;
  let place: Place;
  let nexus: Service;

  beforeAll(async () => {
    [telegram, discord] = await Promise.all([startFakeTelegram(), startFakeDiscord()]);
    telegram.addChat({ id: 11, type: 'private' });
    place = await createPlace({
      TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url, TELEGRAM_EDIT_EVERY_MS: '100',
      DISCORD_BOT_TOKEN: discord.token, DISCORD_REST_URL: discord.restUrl, DISCORD_GATEWAY_URL: discord.gatewayUrl,
    });
    nexus = await place.up();
  }, 90_000);
  afterAll(async () => {
    await nexus?.stop();
    await telegram?.stop();
    await discord?.close();
    place?.remove();
  });

  const last = (): string => telegram.messages(11).filter(({ isFromBot }) => isFromBot).at(-1)?.text ?? '';
  const say = (text: string): void => void telegram.write({ chatId: 11, from: ann, text });
  const surfaceKey = (): string => readFileSync(join(place.folder, '.nexus/surface-key'), 'utf8').trim();

  it('says when it hears people, and how one tells it who one is', async () => {
    await expect.poll(() => nexus.output(), { timeout: 15_000 }).toContain('Telegram: the bot hears you');
    await expect.poll(() => nexus.output(), { timeout: 15_000 }).toContain('Discord: the bot hears you');
    expect(nexus.output()).toContain('npx nexus people code');
    for (const secret of [telegram.token, discord.token]) expect(nexus.output()).not.toContain(secret);
    expect(statSync(join(place.folder, '.nexus/surface-key')).mode & 0o777).toBe(0o600);
  });

  it('ADP-8 answers whoever is linked, and tells others how to be', async () => {
    say('What is 6 * 7?');
    await expect.poll(last, { timeout: 15_000 }).toContain('/link');
    expect((await place.nexus(['people', 'add', 'Ann'])).code).toBe(0);
    const code = /\b[A-Z0-9]{8}\b/.exec((await place.nexus(['people', 'code', 'Ann'])).stdout)?.[0] ?? '';
    say(`/link ${code}`);
    await expect.poll(last, { timeout: 15_000 }).toContain('Ann');
    say('What is 6 * 7?');
    await expect.poll(last, { timeout: 15_000 }).toContain('42');
    expect(telegram.faults).toEqual([]);
  });

  it('answers on Discord with the same key', async () => {
    const somebody = discord.user('Ben');
    const direct = discord.direct(somebody);
    discord.say(direct, somebody, 'hello');
    await expect.poll(() => discord.answers(direct).at(-1)?.content ?? '', { timeout: 15_000 }).toContain('/link');
  });

  it('goes on after a restart with the same key, and answers what was written meanwhile', async () => {
    const key = surfaceKey();
    const asked = performance.now();
    nexus.signal('SIGTERM');
    expect(await nexus.exited).toBe('exited with code 0');
    expect(performance.now() - asked).toBeLessThan(5_000);
    say('What is 5 * 5?');
    await nexus.restart();
    await expect.poll(last, { timeout: 20_000 }).toContain('25');
    expect(surfaceKey()).toBe(key);
  }, 90_000);

  it('runs a bot whose platform was away at first', async () => {
    const late = await startFakeDiscord();
    late.fail({ route: /./, status: 500, times: 5 }); // a call is tried four times
    const other = await createPlace({ DISCORD_BOT_TOKEN: late.token, DISCORD_REST_URL: late.restUrl, DISCORD_GATEWAY_URL: late.gatewayUrl });
    const served = await other.up();
    try {
      await expect.poll(() => served.output(), { timeout: 30_000 }).toContain('Discord: the bot does not run yet');
      await expect.poll(() => served.output(), { timeout: 30_000 }).toContain('Discord: the bot hears you');
      const somebody = late.user('Cem');
      const direct = late.direct(somebody);
      late.say(direct, somebody, 'hello');
      await expect.poll(() => late.answers(direct).length, { timeout: 15_000 }).toBe(1);
    } finally {
      await served.stop();
      await late.close();
      other.remove();
    }
  }, 120_000);

  it('serves all the same when the token is wrong', async () => {
    const other = await createPlace({ TELEGRAM_BOT_TOKEN: '4711:a-token-of-nobody', TELEGRAM_API_ROOT: telegram.url });
    const served = await other.up();
    try {
      await expect.poll(() => served.output(), { timeout: 15_000 }).toContain('Telegram does not know this bot');
      expect((await other.nexus(['ask', 'What is 6 * 7?'])).stdout).toContain('42');
      expect(existsSync(join(other.folder, '.nexus/surface-key'))).toBe(true);
    } finally {
      await served.stop();
      other.remove();
    }
  }, 90_000);
});
