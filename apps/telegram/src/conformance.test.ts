import { adapterConformance, type ConformancePlatform, type Place } from '@nexus/adapter-kit';
import { startFakeTelegram } from '@nexus/testing';
import { describe, it } from 'vitest';
import { telegramSurface } from './telegram-surface.js';

const ANN = 11;
const FORUM = -1_001;
const TOPIC = 7;

async function start(): Promise<ConformancePlatform> {
  const telegram = await startFakeTelegram();
  telegram.addChat({ id: ANN, type: 'private' });
  telegram.addChat({ id: FORUM, type: 'supergroup', title: 'Forum', topics: [TOPIC] });
  const begin = () => telegramSurface({ token: telegram.token, apiRoot: telegram.url, attention: 'addressed', editEveryMs: 50 });
  const topicOf = ({ topicId }: Place): number | undefined => (topicId === '' ? undefined : Number(topicId));
  return {
    surface: begin(),
    restarted: async () => begin(),
    place: { chatId: String(ANN), topicId: '' },
    otherPlace: { chatId: String(FORUM), topicId: String(TOPIC) },
    write: async ({ place, text, senderId, file, replyTo }) => {
      const isGroup = Number(place.chatId) < 0;
      const { messageId } = telegram.write({
        chatId: Number(place.chatId),
        topicId: topicOf(place),
        from: { id: Number(senderId ?? ANN) || ANN, name: 'Ann' },
        text: isGroup && !text.startsWith('/') ? `@${telegram.bot.username} ${text}` : text,
        ...(replyTo !== undefined && { replyTo: Number(replyTo) }),
        ...(file !== undefined && { file: { kind: 'document', name: file.name, content: Buffer.from(file.content) } }),
      });
      return String(messageId);
    },
    shown: async (place) =>
      telegram
        .messages(Number(place.chatId))
        .filter((message) => message.isFromBot && message.topicId === topicOf(place))
        .map(({ messageId, text, file }) => ({ id: String(messageId), text, hasFile: file !== undefined })),
    refuseNextCall: () => telegram.disturb({ kind: 'flood', retryAfter: 1 }),
    breakConnection: () => telegram.disturb({ kind: 'reset_before', method: 'getUpdates' }),
    stop: () => telegram.stop(),
  };
}

describe('Telegram does what every adapter must do', () => {
  it.each(adapterConformance({ start }).map((each) => [each.name, each] as const))('%s', (_name, each) => each.run(), 30_000);
});
