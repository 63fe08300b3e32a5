import { create } from '@bufbuild/protobuf';
import { type AdapterMemory, type AdapterTransport, PaperPlatform, PracticeNexus, type Surface, memoryOnly, runAdapter } from '../src/index.js';
import { Outcome, ProcessedRequestSchema } from '@nexus/contracts';
import { waitFor } from '@nexus/testing';
import { expect, it } from 'vitest';

const HOME = { chatId: 'home', topicId: '' };

it('takes an answer that comes while it still looks through what an earlier process left open, though it comes only once', async () => {
  const kept = memoryOnly();
  const memory: AdapterMemory = { ...kept, isDurable: true, close: async () => undefined };
  const platform = new PaperPlatform();
  // NEXUS has the message, and its answer comes when the adapter is gone.
  const silent: AdapterTransport = { ...new PracticeNexus(() => ({ text: '' })).transport(), send: async () => undefined };
  const first = await runAdapter({ surface: platform.surface(), transport: silent, memory });
  platform.write(HOME, 'hello');
  const key = await waitFor(async () => (await memory.list('open:'))[0]?.[0]);
  await first.stop(0);

  const id = key.slice('open:'.length);
  const answer = create(ProcessedRequestSchema, { messageId: id, surface: 'paper', chatId: 'home', outcome: Outcome.ANSWERED, text: 'late' });
  const way = new PracticeNexus(({ text }) => ({ text: `to ${text}` })).transport();
  const once: AdapterTransport = {
    ...way,
    start: (listener) => {
      void listener.onAnswer(answer, new AbortController().signal);
      return way.start(listener);
    },
    send: async (message) => (message.id === id ? undefined : way.send(message)),
  };
  const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const slowMemory: AdapterMemory = { ...memory, get: (name) => turns(20).then(() => memory.get(name)) };
  const surface = platform.surface();
  const slowSurface: Surface = { ...surface, post: (place, piece, options) => turns(40).then(() => surface.post(place, piece, options)) };
  const second = await runAdapter({ surface: slowSurface, transport: once, memory: slowMemory });
  platform.write(HOME, 'and more');
  await waitFor(() => platform.texts(HOME).join() === 'late,to and more');
  await waitFor(async () => (await memory.list('open:')).length === 0);
  expect(second.health().open).toBe(0);
  await second.stop();
});
