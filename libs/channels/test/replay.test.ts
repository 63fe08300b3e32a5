import { newId } from '@nexus/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeRaw, unpackRaw, type ChannelBus, type DeadLetter, type Message } from '../src/index.js';
import { buses, ids, usage, workInto, type Usage } from './bus-test.js';

describe.each(buses)('a dead letter over $name', ({ open }) => {
  let bus: ChannelBus;
  let letters: DeadLetter[];

  beforeEach(() => {
    letters = [];
    bus = open(`${newId()}:`);
  });
  afterEach(() => bus.close());

  it('is published again as it was', async () => {
    const seen: Message<Usage>[] = [];
    let isBroken = true;
    const subscription = bus.consumeBatches(workInto(letters)('one', { maxDeliveries: 1 }), async (batch) => {
      if (isBroken) throw new Error('cannot');
      seen.push(...batch);
      return [];
    });
    await bus.publish({ ...usage('a'), correlationId: 'c', metadata: { x: 'ü' } });
    await expect.poll(() => letters.length, { timeout: 5_000 }).toBe(1);
    isBroken = false;
    const { raw, message } = letters[0] as DeadLetter<Usage>;
    await bus.publishRaw('usage.recorded', raw);
    await expect.poll(() => ids(seen)).toEqual(['a']);
    expect(seen[0]).toEqual({ ...message, entryId: seen[0]?.entryId });
    expect(decodeRaw('usage.recorded', raw, message?.entryId)).toEqual(message);
    await subscription.stop();
  });

  it('is refused when its bytes are no entry', async () => {
    await bus.publish(usage('a'));
    const [length, name] = [Buffer.from([0, 0, 0, 2]), Buffer.from('id')];
    for (const raw of [Buffer.alloc(0), Buffer.alloc(3), Buffer.from([0, 0, 0, 9, 1]), Buffer.concat([length, name])]) {
      await expect(bus.publishRaw('usage.recorded', raw)).rejects.toMatchObject({ code: 'malformed_raw', status: 400 });
      expect(() => unpackRaw(raw)).toThrow();
    }
    expect((await bus.history('usage.recorded', '0')).map(({ id }) => id)).toEqual(['a']);
  });

  it('that no message can be made of keeps its fields', async () => {
    await bus.publish(usage('a\u0000b'));
    const subscription = bus.consumeBatches(workInto(letters)('one'), async () => []);
    await expect.poll(() => letters.length).toBe(1);
    const { raw } = letters[0] as DeadLetter;
    expect(() => decodeRaw('usage.recorded', raw)).toThrowError(expect.objectContaining({ code: 'malformed_envelope' }));
    expect(unpackRaw(raw).slice(0, 4).map(String)).toEqual(['id', 'a\u0000b', 'type', 'nexus.usage.v1.UsageRecorded']);
    await bus.publishRaw('usage.recorded', raw);
    await expect.poll(() => letters.length).toBe(2);
    expect(letters[1]?.raw).toEqual(raw);
    await subscription.stop();
  });
});
