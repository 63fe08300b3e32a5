import { create } from '@bufbuild/protobuf';
import { newId } from '@nexus/core';
import { SettingsChangedSchema } from '@nexus/contracts';
import { createServer, type AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryBus, type ChannelBus } from '../src/index.js';
import { parseRedisUrl } from '../src/redis/redis-address.js';
import { RespConnection } from '../src/redis/resp-connection.js';
import { buses, usage } from './bus-test.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const MEGABYTE = 1024 * 1024;

/** What the program holds on to, in MB, after everything that can go has gone. */
async function heldBy(measure: (usage: NodeJS.MemoryUsage) => number): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return measure(process.memoryUsage()) / MEGABYTE;
}

describe('memory', () => {
  it('keeps no reply that was handed out', async () => {
    const reply = Buffer.concat([Buffer.from(`$${MEGABYTE}\r\n`), Buffer.alloc(MEGABYTE), Buffer.from('\r\n')]);
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => {
        socket.write('+OK\r\n:1\r\n');
        socket.on('data', () => socket.write(reply));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const connection = new RespConnection(parseRedisUrl(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`), { name: 'test' });
    const before = await heldBy((memory) => memory.arrayBuffers);
    for (let i = 0; i < 100; i++) expect(((await connection.send(Buffer.from('*1\r\n$4\r\nREAD\r\n'), 1))[0] as Buffer).length).toBe(MEGABYTE);
    expect((await heldBy((memory) => memory.arrayBuffers)) - before).toBeLessThan(20);
    connection.close();
  });

  it('does not grow in the twin while others write and readers wait', async () => {
    const bus = memoryBus();
    const readers = Array.from({ length: 20 }, (_, i) => bus.followReplies('requests.processed', `reader ${i}`, () => undefined));
    for (const reader of readers) await reader.ready;
    const publish = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await bus.publish({ channel: 'settings.changed', id: 'x', payload: create(SettingsChangedSchema) });
    };
    await publish(100);
    const before = await heldBy((memory) => memory.heapUsed);
    await publish(5_000);
    expect((await heldBy((memory) => memory.heapUsed)) - before).toBeLessThan(8);
    await bus.close();
  });

  it.each(buses)('forgets a subscription over $name that was stopped', async ({ open }) => {
    const bus = open(`${newId()}:`);
    const forgotten = [await stopped(bus, 'consume'), await stopped(bus, 'follow')];
    await expect.poll(() => {
      collect();
      return forgotten.map((handler) => handler.deref() === undefined);
    }, { timeout: 5_000 }).toEqual([true, true]);
    await bus.close();
  });
});

async function stopped(bus: ChannelBus, kind: 'consume' | 'follow'): Promise<WeakRef<object>> {
  const handler = Object.assign(() => Promise.resolve([]), { big: Buffer.alloc(1_000) });
  const subscription = kind === 'follow'
    ? bus.follow('settings.changed', () => void handler())
    : bus.consumeBatches({ channel: 'usage.recorded', group: 'usage', consumer: 'one', onDeadLetter: async () => [] }, handler);
  await subscription.ready;
  await bus.publish(usage('a'));
  await subscription.stop();
  return new WeakRef(handler);
}
