import { newId } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../src/index.js';
import { buses, never, usage, workInto } from './bus-test.js';

describe.each(buses)('the measure of a channel over $name', ({ open }) => {
  it('is nothing where there is no stream', async () => {
    const bus = open(`${newId()}:`);
    expect(await bus.measure('usage.recorded')).toEqual({ entries: 0, added: 0, groups: [] });
    await bus.close();
  });

  it('tells of each group what it was not handed, what it holds, and since when', async () => {
    const bus = open(`${newId()}:`, { partitions: 2 });
    const letters: DeadLetter[] = [];
    const messages = Array.from({ length: 20 }, (_, i) => usage(`m${i}`));
    const stuck = [0, 1].map((partition) => bus.consumeEach(workInto(letters)('one', { partition, concurrency: 1, claimIdleMs: 60_000 }), never));
    const other = [0, 1].map((partition) => bus.consumeBatches({ ...workInto(letters)('one', { partition }), group: 'elsewhere' }, async () => []));
    await Promise.all([...stuck, ...other].map((reader) => reader.ready));
    await bus.publishAll(messages);
    const groupOf = async (name: string) => (await bus.measure('usage.recorded')).groups.find((group) => group.name === name);
    await expect.poll(() => groupOf('usage')).toMatchObject({ lag: 18, pending: 2 });
    await expect.poll(() => groupOf('elsewhere')).toEqual({ name: 'elsewhere', lag: 0, pending: 0, queueAgeMs: 0, pendingAgeMs: 0 });
    await expect.poll(async () => Math.min((await groupOf('usage'))?.queueAgeMs ?? 0, (await groupOf('usage'))?.pendingAgeMs ?? 0)).toBeGreaterThan(30);
    expect(await bus.measure('usage.recorded')).toMatchObject({ entries: 20, added: 20 });
    await Promise.all([...stuck, ...other].map((reader) => reader.stop(0)));
    await bus.close();
  });
});
