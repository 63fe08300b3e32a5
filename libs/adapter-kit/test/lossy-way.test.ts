import { type AdapterTransport, PaperPlatform, PracticeNexus, memoryOnly, runAdapter } from '../src/index.js';
import { AppError } from '@nexus/core';
import { waitFor } from '@nexus/testing';
import { expect, it } from 'vitest';
import { seeded } from './seeded.js';

const PLACES = ['a', 'b', 'c'].map((chatId) => ({ chatId, topicId: '' }));

/** A way on which everything may get lost, come late, or come twice. */
function lossy(way: AdapterTransport, random: () => number): AdapterTransport {
  return {
    ...way,
    start: (listener) =>
      way.start({
        ...listener,
        onPart: (id, part) => {
          if (random() < 0.7) listener.onPart(id, part);
        },
        onAnswer: async (answer, signal) => {
          if (random() < 0.3) throw new AppError('lost', 'the answer is lost', { isRetryable: true });
          if (random() < 0.3) void listener.onAnswer(answer, signal).catch(() => undefined);
          await listener.onAnswer(answer, signal);
        },
      }),
    send: async (message) => {
      if (random() < 0.3) throw new AppError('bus_unavailable', 'not now', { isRetryable: true });
      if (random() < 0.3) return;
      await way.send(message);
      if (random() < 0.3) await way.send(message);
    },
  };
}

it.each([1, 2, 3])('answers every message once and in order over a way that loses and doubles (seed %i)', async (seed) => {
  const random = seeded(seed);
  const platform = new PaperPlatform();
  const practice = new PracticeNexus(({ text }) => {
    if (random() < 0.1) return { text: 'busy', refusal: { code: 'overloaded', isRetryable: true, retryAfterMs: 5 } };
    return { text: `to ${text}`, parts: ['to ', text] };
  });
  const adapter = await runAdapter({ surface: platform.surface(), transport: lossy(practice.transport(), random), memory: { ...memoryOnly(), isDurable: true }, settings: { republishMs: 20, overloadRetries: 100 } });
  const questions = Array.from({ length: 8 }, (_, i) => `${i}`);
  for (const text of questions) for (const place of PLACES) {
    const id = platform.write(place, text);
    if (random() < 0.3) platform.writeAgain(id);
  }
  await waitFor(() => adapter.health().open === 0 && PLACES.every((place) => platform.messages(place).length >= questions.length), { timeoutMs: 30_000 });
  for (const place of PLACES) {
    expect(platform.texts(place)).toEqual(questions.map((text) => `to ${text}`));
    expect(practice.asked.filter(({ chatId }) => chatId === place.chatId).map(({ text }) => text)).toEqual(questions);
  }
  await adapter.stop();
}, 60_000);
