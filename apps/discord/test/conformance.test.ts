import { adapterConformance, memoryOnly, type ConformancePlatform } from '@nexus/adapter-kit';
import { discordSigns, startFakeDiscord } from '@nexus/testing';
import { describe, it } from 'vitest';
import { discordSurface } from '../src/discord-surface.js';
import { channelOf } from '../src/hearing.js';

async function start(): Promise<ConformancePlatform> {
  const discord = await startFakeDiscord({ requestsPerWindow: 100, windowMs: 1_000 });
  const anna = discord.user('Anna');
  const general = discord.channel('general');
  const thread = discord.thread(general, 'thread', anna);
  const memory = memoryOnly();
  const begin = () => discordSurface({ token: discord.token, applicationId: discord.applicationId, restUrl: discord.restUrl, memory, editEveryMs: 50 });
  return {
    surface: begin(),
    restarted: begin,
    place: { chatId: discord.direct(anna), topicId: '' },
    otherPlace: { chatId: general, topicId: thread },
    write: async ({ place, text, file, replyTo }) =>
      discord.say(channelOf(place), anna, text, {
        mentions: place.topicId !== '',
        ...(replyTo !== undefined && { replyTo }),
        ...(file !== undefined && { files: [{ filename: file.name, contentType: file.mediaType, content: file.content }] }),
      }),
    shown: async (place) => discord.answers(channelOf(place)).map(({ id, content, attachments }) => ({ id, text: discordSigns(content).map(({ sign }) => sign).join(''), hasFile: attachments.length > 0 })),
    refuseNextCall: () => discord.limit({ retryAfterMs: 1_000 }),
    breakConnection: () => discord.endConnections('broken'),
    stop: () => discord.close(),
  };
}

describe('Discord does what every adapter must do', () => {
  it.each(adapterConformance({ start }).map((each) => [each.name, each] as const))('%s', (_name, each) => each.run(), 60_000);
});
