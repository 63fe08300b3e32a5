import { create } from '@bufbuild/protobuf';
import { newId } from '@nexus/core';
import { ProcessedRequestSchema } from '@nexus/contracts';
import { waitFor } from '@nexus/testing';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { outgoing, redisCommands, type ChannelBus, type WorkOptions } from '../src/index.js';
import { buses } from './bus-test.js';

const opened: ChannelBus[] = [];
afterEach(() => Promise.all(opened.splice(0).map((bus) => bus.close())));

const work: WorkOptions<'requests.processed'> = { channel: 'requests.processed', group: 'adapter', consumer: 'a', onDeadLetter: async () => [] };
const answer = (messageId: string, to: string) => outgoing({ channel: 'requests.processed', id: `answer-${messageId}`, tenantId: 't', to, payload: create(ProcessedRequestSchema, { messageId }) });

describe.each(buses)('replies with a group over $name', ({ open }) => {
  it('brings what came while nobody read, and what was taken and not acknowledged, once it is asked for again', async () => {
    const bus = open(`replies-${newId()}:`);
    opened.push(bus);
    await bus.publishAll([answer('1', 'key.a'), answer('other', 'key.b'), answer('2', 'key.a')]);
    const first: string[] = [];
    const dying = bus.consumeReplies(work, 'key.a', async ({ payload }, signal) => {
      first.push(payload.messageId);
      if (payload.messageId === '2') await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
      return [];
    });
    await waitFor(() => first.length === 2);
    await waitFor(() => first.includes('1'));
    await dying.stop(300);
    const second: string[] = [];
    bus.consumeReplies(work, 'key.a', async ({ payload }) => {
      second.push(payload.messageId);
      return [];
    });
    await bus.publish(answer('3', 'key.a'));
    await waitFor(() => second.length === 2);
    expect([first, second]).toEqual([['1', '2'], ['2', '3']]);
  });
});

describe('plain commands', () => {
  it('come back in their order, bulk strings as bytes, and fail together', async () => {
    const redis = redisCommands(inject('redisUrl'), 'test');
    const key = `plain-${newId()}`;
    const [set, number, bytes, nothing] = await redis.call(['SET', key, 'ä'], ['STRLEN', key], ['GET', key], ['GET', `${key}-none`]);
    expect([set, number, String(bytes), nothing]).toEqual(['OK', 2, 'ä', null]);
    await expect(redis.call(['GET', key], ['LPUSH', key, 'x'])).rejects.toMatchObject({ code: 'bus_unavailable', isRetryable: true });
    expect(String((await redis.call(['GET', key]))[0])).toBe('ä');
    redis.close();
    await expect(redis.call(['GET', key])).rejects.toMatchObject({ code: 'bus_unavailable' });
  });
});
