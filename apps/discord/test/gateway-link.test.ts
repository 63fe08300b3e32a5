import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '@nexus/core';
import { startFakeDiscord } from '@nexus/testing';
import { discordSurface } from '../src/discord-surface.js';
import type { SurfaceMemory } from '../src/surface-memory.js';
import { startSurfaceTest, type SurfaceTest } from './surface-test.js';

let test: SurfaceTest;
beforeEach(async () => {
  test = await startSurfaceTest();
});
afterEach(() => test.stop());

function say(text: string, channel = test.direct): void {
  test.discord.say(channel, test.anna, text, { mentions: channel !== test.direct });
}

it.each(['broken', 'reconnect'] as const)('resumes a connection that ended (%s) and misses nothing', async (how) => {
  const { discord } = test;
  await test.connected();
  say('before');
  await expect.poll(test.texts).toEqual(['before']);
  discord.endConnections(how);
  await expect.poll(() => discord.gateway.connections).toBe(0);
  say('between');
  await expect.poll(() => discord.gateway.connections, { timeout: 5_000 }).toBe(1);
  say('after');
  await expect.poll(test.texts).toEqual(['before', 'between', 'after']);
  expect(discord.gateway.counts).toMatchObject({ identifies: 1, resumes: 1, refusedResumes: 0 });
});

it('leaves a connection whose heartbeats nobody answers, and resumes', async () => {
  const silent = await startFakeDiscord({ heartbeatMs: 200 });
  const surface = discordSurface({ token: silent.token, applicationId: silent.applicationId, restUrl: silent.restUrl, memory: test.memory });
  await surface.connect(async () => undefined);
  silent.gateway.answersHeartbeats = false;
  await expect.poll(() => silent.gateway.counts.resumes, { timeout: 10_000 }).toBeGreaterThan(0);
  silent.gateway.answersHeartbeats = true;
  await surface.disconnect();
  await silent.close();
});

it('begins anew when its session is no more, and looks up what was said meanwhile, in its order', async () => {
  const { discord, general } = test;
  const thread = discord.thread(general, 'thread');
  await test.connected();
  for (const [text, channel] of [['one', test.direct], ['two', general], ['three', thread]] as const) say(text, channel);
  await expect.poll(test.texts).toHaveLength(3);
  discord.endConnections('invalid-session');
  for (let i = 0; i < 120; i++) say(`missed ${i}`, general);
  say('missed directly');
  say('missed in the thread', thread);
  await expect.poll(() => discord.gateway.counts.identifies, { timeout: 15_000 }).toBe(2);
  await expect.poll(test.texts, { timeout: 5_000 }).toHaveLength(125);
  expect(test.texts()).toEqual(expect.arrayContaining(['missed directly', 'missed in the thread']));
  expect(test.heard.filter(({ place }) => place.chatId === general && place.topicId === '').map(({ text }) => text)).toEqual(['two', ...Array.from({ length: 120 }, (_, i) => `missed ${i}`)]);
});

it('resumes after a restart of the process and hears what was said meanwhile, once', async () => {
  const { discord } = test;
  const first = await test.connected();
  say('before');
  await expect.poll(test.texts).toEqual(['before']);
  await first.disconnect();
  say('between');
  await test.connected();
  say('after');
  await expect.poll(test.texts).toEqual(['before', 'between', 'after']);
  expect(discord.gateway.counts).toMatchObject({ identifies: 1, resumes: 1, refusedResumes: 0 });
});

it('hears again after a restart what was not safe with NEXUS', async () => {
  const kept = new Map<string, string>();
  let saves = 0;
  const memory: SurfaceMemory = {
    get: async (key) => kept.get(key),
    list: async (prefix) => [...kept].filter(([key]) => key.startsWith(prefix)),
    delete: async (key) => void kept.delete(key),
    set: async (key, value) => {
      kept.set(key, value);
      if (key === 'discord:seen') saves += 1;
    },
  };
  await test.connected({ memory }, async ({ text }) => (text === 'unsafe' ? new Promise<never>(() => undefined) : undefined));
  say('safe');
  say('unsafe');
  say('other', test.general);
  await expect.poll(() => test.texts().toSorted()).toEqual(['other', 'safe']);
  const before = saves;
  await expect.poll(() => saves, { timeout: 5_000 }).toBeGreaterThan(before);
  // What is kept now is what a kill -9 would leave.
  const left: SurfaceMemory = { ...memory, get: async (key) => remembered.get(key), list: async (prefix) => [...remembered].filter(([key]) => key.startsWith(prefix)), delete: async () => undefined, set: async () => undefined };
  const remembered = new Map(kept);
  const again: string[] = [];
  await test.connected({ memory: left }, async ({ text }) => void again.push(text));
  await expect.poll(() => again, { timeout: 5_000 }).toContain('unsafe');
  expect(again).not.toContain('safe');
});

it('looks up what was said while its memory was away too, once the memory is there', async () => {
  const { discord, general } = test;
  const first = await test.connected();
  say('before');
  await expect.poll(test.texts).toEqual(['before']);
  await first.disconnect();
  discord.gateway.forgetSessions();
  say('missed directly');
  say('missed', general);
  let isAway = true;
  const { memory } = test;
  const list: SurfaceMemory['list'] = async (prefix) => {
    if (prefix === 'discord:direct:' && isAway) throw new AppError('bus_unavailable', 'away', { isRetryable: true });
    return memory.list(prefix);
  };
  await test.connected({ memory: { get: (key) => memory.get(key), set: (...kept) => memory.set(...kept), delete: (key) => memory.delete(key), list } });
  await expect.poll(test.texts).toContain('missed');
  await expect.poll(() => test.problems.length).toBeGreaterThan(0);
  isAway = false;
  await expect.poll(test.texts, { timeout: 5_000 }).toContain('missed directly');
  expect(test.texts().filter((text) => text !== 'before').toSorted()).toEqual(['missed', 'missed directly']);
});

it('looks up after a long absence what was said within the time, and nothing older', async () => {
  const { discord, general } = test;
  const first = await test.connected();
  say('before', general);
  await expect.poll(test.texts).toEqual(['before']);
  await first.disconnect();
  discord.gateway.forgetSessions();
  say('missed', general);
  const second = await test.connected({ catchUpMs: 0 });
  say('now', general);
  await expect.poll(test.texts).toEqual(['before', 'now']);
  await second.disconnect();
  discord.gateway.forgetSessions();
  say('missed again', general);
  await test.connected();
  await expect.poll(() => test.texts().includes('missed again')).toBe(true);
});

it('says what is wrong when Discord does not let it in', async () => {
  const { discord } = test;
  await expect(test.connected({ token: `${discord.token}x` })).rejects.toMatchObject({ code: 'surface_unauthorized', message: expect.stringContaining('DISCORD_BOT_TOKEN') });
  const strict = await startFakeDiscord({ allowsMessageContent: false });
  const surface = discordSurface({ token: strict.token, applicationId: strict.applicationId, restUrl: strict.restUrl, memory: test.memory, readsAllMessages: true });
  await expect(surface.connect(async () => undefined)).rejects.toMatchObject({ code: 'surface_unauthorized', message: expect.stringContaining('Message Content Intent') });
  await strict.close();
});
