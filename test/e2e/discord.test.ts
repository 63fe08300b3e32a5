import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DiscordMessage, DiscordUser, FakeRequest } from '@nexus/testing';
import { answerTo, isLong, signsIn, signsOf } from './discord-answers.js';
import { startDiscordNexus, type DiscordNexus } from './discord-nexus.js';
import { call } from './nexus-apart.js';

const MESSAGES = 200;
const PLACEHOLDER = '…';
const PICTURE = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

interface Corner {
  readonly channel: string;
  readonly by: DiscordUser;
  readonly mentions: boolean;
}

describe('people on Discord', () => {
  let system: DiscordNexus;
  let corners: readonly Corner[];
  let anna: DiscordUser;
  let pictures = 0;

  beforeAll(async () => {
    system = await startDiscordNexus();
    const { discord, provider } = system;
    anna = discord.user('Anna');
    const ben = discord.user('Ben');
    const [general, random] = [discord.channel('general'), discord.channel('random')];
    corners = [
      { channel: discord.direct(anna), by: anna, mentions: false },
      { channel: discord.direct(ben), by: ben, mentions: false },
      { channel: general, by: anna, mentions: true },
      { channel: random, by: ben, mentions: true },
      { channel: discord.thread(general, 'one', anna), by: anna, mentions: true },
      { channel: discord.thread(general, 'two', ben), by: ben, mentions: true },
    ];
    provider.reply(({ body }: FakeRequest) => {
      const question = JSON.stringify(body.messages.findLast(({ role }) => role === 'user')?.content);
      if (/image_url|data:image/.test(question)) pictures += 1;
      const n = Number(/Question (\d+)/.exec(question)?.[1]);
      return { text: answerTo(n), chunkDelayMs: isLong(n) ? 2 : 0 };
    });
  }, 90_000);
  afterAll(() => system?.stop());

  const configure = (values: Record<string, string>): Promise<unknown> => call(system.nexus.urls.gateway, 'nexus.settings.v1.SettingsService/UpdateConfig', { values });
  const last = (channel: string): string => system.discord.answers(channel).at(-1)?.content ?? '';
  const ask = (corner: Corner | undefined, n: number, more: object = {}): string => {
    if (corner === undefined) throw new Error('there is no such corner');
    return system.discord.say(corner.channel, corner.by, `Question ${n} — ça va? 🙂`, { mentions: corner.mentions, ...more });
  };

  it('ADP-8 are refused kindly until they are linked by a slash command, and a channel until someone claims it', async () => {
    const { discord, nexus } = system;
    const [direct, , general] = corners;
    ask(direct, 1);
    await expect.poll(() => last(direct?.channel ?? ''), { timeout: 15_000 }).toContain('/link');
    await call(nexus.urls.gateway, 'nexus.settings.v1.PeopleService/AddPerson', { name: 'Anna' });
    const { code } = await call(nexus.urls.gateway, 'nexus.settings.v1.PeopleService/CreateLinkCode', { person: 'Anna' });
    await discord.command(direct?.channel ?? '', anna, 'link', String(code));
    await expect.poll(() => last(direct?.channel ?? ''), { timeout: 15_000 }).toContain('Anna');
    expect(discord.answers(direct?.channel ?? '').at(-1)).toMatchObject({ isEphemeral: true, isLoading: false });
    ask(direct, 2);
    await expect.poll(() => last(direct?.channel ?? ''), { timeout: 15_000 }).toContain('Answer 2:');

    ask(general, 3);
    await expect.poll(() => last(general?.channel ?? ''), { timeout: 15_000 }).toContain('/claim');
    await discord.command(general?.channel ?? '', anna, 'claim');
    await expect.poll(() => last(general?.channel ?? ''), { timeout: 15_000 }).not.toMatch(/\/claim|…/);
    ask(general, 6);
    await expect.poll(() => last(general?.channel ?? ''), { timeout: 15_000 }).toContain('Answer 6:');
  }, 90_000);

  it('ADP-3 get 200 answers: none lost, none twice, in their order and their form, through limits, lost connections and kill -9', async () => {
    const { discord, adapter, nexus } = system;
    await configure({ 'identity.surfaces': '[]', 'identity.messages_per_minute': '6000' });
    const before = new Map(corners.map(({ channel }) => [channel, discord.answers(channel).length]));
    const asked = new Map<string, { readonly n: number; readonly id: string }[]>(corners.map(({ channel }) => [channel, []]));
    const answers = (channel: string): readonly DiscordMessage[] => discord.answers(channel).slice(before.get(channel));
    const finished = (): number => corners.flatMap(({ channel }) => answers(channel)).filter(({ content }) => /^\*\*Answer \d+:\*\*/.test(content)).length;
    const write = (from: number, to: number): void => {
      for (let n = from; n < to; n++) {
        // so that each corner gets every kind of answer
        const corner = corners[(n + Math.floor(n / corners.length)) % corners.length];
        if (corner === undefined) continue;
        const id = ask(corner, n, n % 20 === 0 ? { files: [{ filename: 'pixel.png', contentType: 'image/png', content: PICTURE }] } : {});
        asked.get(corner.channel)?.push({ n, id });
      }
    };
    const isWriting = (): boolean => corners.some(({ channel }) => answers(channel).some(({ content }) => content === PLACEHOLDER));
    const FIRST = 1_000;

    discord.limit({ route: /^POST .*\/messages$/, retryAfterMs: 1_000 });
    discord.limit({ route: /^PATCH /, retryAfterMs: 1_000, isGlobal: true });
    discord.fail({ route: /^PATCH /, status: 500, times: 2 });
    discord.fail({ route: /^POST .*\/messages$/, status: 0, times: 2 });
    write(FIRST, FIRST + 50);
    await expect.poll(finished, { timeout: 30_000 }).toBeGreaterThan(5);
    discord.endConnections('broken');
    write(FIRST + 50, FIRST + 80);
    await expect.poll(finished, { timeout: 30_000 }).toBeGreaterThan(25);
    discord.endConnections('reconnect');
    await expect.poll(() => discord.gateway.connections, { timeout: 10_000 }).toBe(1);

    // In the midst of an answer; what is said meanwhile the gateway tells when it is resumed.
    await expect.poll(isWriting, { timeout: 15_000, interval: 5 }).toBe(true);
    await adapter.kill('SIGKILL');
    write(FIRST + 80, FIRST + 110);
    await adapter.restart();
    await expect.poll(finished, { timeout: 30_000 }).toBeGreaterThan(60);
    expect(discord.gateway.counts).toMatchObject({ identifies: 1, refusedResumes: 0 });

    // Once more, and Discord knows nothing of the bot's earlier life: what was said meanwhile is looked up.
    await expect.poll(isWriting, { timeout: 15_000, interval: 5 }).toBe(true);
    await adapter.kill('SIGKILL');
    discord.gateway.forgetSessions();
    write(FIRST + 110, FIRST + 140);
    await adapter.restart();
    await expect.poll(finished, { timeout: 30_000 }).toBeGreaterThan(90);

    await nexus.services.orchestrator.kill('SIGKILL');
    write(FIRST + 140, FIRST + MESSAGES);
    await nexus.services.orchestrator.restart();
    await expect.poll(finished, { timeout: 90_000 }).toBeGreaterThanOrEqual(MESSAGES);

    const seen = (channel: string): string => answers(channel).filter(({ content }) => content !== PLACEHOLDER).flatMap(({ content }) => signsIn(content)).join('');
    const meant = (channel: string): string => (asked.get(channel) ?? []).flatMap(({ n }) => signsOf(n)).join('');
    const lengths = (of: (channel: string) => string): number[] => corners.map(({ channel }) => quiet(() => of(channel).length));
    await expect.poll(() => lengths(seen), { timeout: 60_000 }).toEqual(lengths(meant));
    for (const { channel } of corners) {
      expect(seen(channel)).toBe(meant(channel));
      const replies = answers(channel).filter(({ replyTo, content }) => replyTo !== undefined && content !== PLACEHOLDER);
      expect(replies.map(({ replyTo, content }) => [Number(/Answer (\d+):/.exec(content)?.[1]), replyTo])).toEqual((asked.get(channel) ?? []).map(({ n, id }) => [n, id]));
    }
    const all = corners.flatMap(({ channel }) => answers(channel));
    expect(all.every(({ content, pings, pingsEveryone }) => content.length <= 2_000 && pings.length === 0 && !pingsEveryone)).toBe(true);
    expect(pictures).toBeGreaterThanOrEqual(MESSAGES / 20);
    expect(discord.calls.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(2);
    // A kill between the posting of a placeholder and the remembering of its id is made good by the nonce; nothing else may stand there.
    expect(all.filter(({ content }) => content === PLACEHOLDER)).toEqual([]);
  }, 240_000);
});

/** While answers grow, their marks may stand open. */
function quiet(length: () => number): number {
  try {
    return length();
  } catch {
    return -1;
  }
}
