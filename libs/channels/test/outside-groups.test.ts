import { create } from '@bufbuild/protobuf';
import { newId } from '@nexus/core';
import { ProcessedRequestSchema } from '@nexus/contracts';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { redisBus, type ChannelBus, type DroppedGroup } from '../src/index.js';

const HOUR = 3_600_000;
const ANSWERS = 400;

describe('groups of adapters on requests.processed', () => {
  let raw: Redis;
  let bus: ChannelBus;
  let key: string;
  let dropped: DroppedGroup[];

  /** Answers of `hours` ago; made by hand, since nobody waits a day for a test. */
  const answered = async (hours: number): Promise<void> => {
    const adding = raw.pipeline();
    for (let i = 1; i <= ANSWERS; i++) adding.xadd(key, `${Date.now() - hours * HOUR}-${i}`, 'id', `${i}`, 'payload', '');
    await adding.exec();
  };
  /** What tidies a channel that no service reads. */
  const publish = () => bus.publish({ channel: 'requests.processed', id: newId(), payload: create(ProcessedRequestSchema, {}) });

  beforeEach(() => {
    raw = new Redis(inject('redisUrl'));
    const prefix = `${newId()}:`;
    key = `${prefix}requests.processed`;
    dropped = [];
    bus = redisBus(inject('redisUrl'), { prefix, onGroupDropped: (group) => void dropped.push(group) });
  });
  afterEach(async () => {
    await bus.close();
    raw.disconnect();
  });

  it('that lag are waited for: nothing is removed that they have not acknowledged', async () => {
    await answered(30);
    await raw.xgroup('CREATE', key, 'slow', '0');
    const [[, read]] = (await raw.xreadgroup('GROUP', 'slow', 'one', 'COUNT', 300, 'STREAMS', key, '>')) as unknown as [[string, [string][]]];
    const ids = read.map(([id]) => id);
    await raw.xack(key, 'slow', ...ids.slice(0, 250));
    await publish();
    await expect.poll(() => raw.xlen(key)).toBeLessThan(ANSWERS);
    const left = ((await raw.xrange(key, '-', '+')) as unknown as [string][]).map(([id]) => id);
    expect(left).toEqual(expect.arrayContaining(ids.slice(250)));
    expect(left.slice(-101)).toHaveLength(101); // 100 that were never read, and the new one
    expect(dropped).toEqual([]);
  });

  it('that nobody has read for in a day are dropped, and that is told', async () => {
    await answered(30);
    await raw.xgroup('CREATE', key, 'given up', '0');
    await publish();
    await expect.poll(() => dropped).toMatchObject([{ channel: 'requests.processed', group: 'given up' }]);
    expect(dropped[0]?.waitedMs).toBeGreaterThanOrEqual(30 * HOUR);
    await expect.poll(() => raw.xlen(key)).toBeLessThan(200);
  });

  it('that are less than a day behind are kept', async () => {
    await answered(23);
    await raw.xgroup('CREATE', key, 'new', '0');
    await publish();
    await publish();
    expect(await raw.xinfo('GROUPS', key)).toHaveLength(1);
    expect(await raw.xlen(key)).toBe(ANSWERS + 2);
    expect(dropped).toEqual([]);
  });

  it('may be none: answers are then removed after a day', async () => {
    await answered(25);
    await publish();
    await expect.poll(() => raw.xlen(key)).toBeLessThan(200);
  });
});
