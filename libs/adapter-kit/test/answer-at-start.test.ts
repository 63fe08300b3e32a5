import { create } from '@bufbuild/protobuf';
import { PracticeNexus, memoryOnly, runAdapter, type AdapterMemory, type AdapterTransport } from '@nexus/adapter-kit';
import { Outcome, ProcessedRequestSchema } from '@nexus/contracts';
import { waitFor } from '@nexus/testing';
import { expect, it } from 'vitest';
import { PaperPlatform } from './paper-platform.js';

const HOME = { chatId: 'home', topicId: '' };

it('takes an answer that comes while it still looks through what an earlier process left open, though it comes only once', async () => {
  const kept = memoryOnly();
  const memory: AdapterMemory = { ...kept, isDurable: true, close: async () => undefined };
  const platform = new PaperPlatform();
  // NEXUS has the message, and its answer comes when the adapter is gone.
  const silent: AdapterTransport = { ...new PracticeNexus(() => ({ text: '' })).transport(), send: async () => undefined };
  const first = await runAdapter({ surface: platform.surface(), transport: silent, memory });
  platform.write(HOME, 'hello');
  const [[key] = ['']] = await waitFor(async () => {
    const open = await memory.list('open:');
    return open.length === 1 && open;
  });
  await first.stop(0);

  const answer = create(ProcessedRequestSchema, { messageId: key.slice('open:'.length), surface: 'paper', chatId: 'home', outcome: Outcome.ANSWERED, text: 'late' });
  const once: AdapterTransport = { ...silent, start: async (listener) => void listener.onAnswer(answer, new AbortController().signal) };
  const slow: AdapterMemory = {
    ...memory,
    get: async (name) => {
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      return memory.get(name);
    },
  };
  const second = await runAdapter({ surface: platform.surface(), transport: once, memory: slow });
  await waitFor(() => platform.texts(HOME).join() === 'late');
  await waitFor(async () => (await memory.list('open:')).length === 0);
  expect(second.health().open).toBe(0);
  await second.stop();
});
