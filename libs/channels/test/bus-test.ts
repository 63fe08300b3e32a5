import { create } from '@bufbuild/protobuf';
import { UsageRecordedSchema } from '@nexus/contracts';
import { inject } from 'vitest';
import { memoryBus, outgoing, redisBus, type BusOptions, type ChannelBus, type DeadLetter, type Message, type WorkOptions } from '../src/index.js';

export type Usage = 'usage.recorded';

/** Both implementations: what holds for one holds for the other. */
export const buses: readonly { readonly name: string; readonly open: (prefix: string, options?: BusOptions) => ChannelBus }[] = [
  { name: 'redis', open: (prefix, options) => redisBus(inject('redisUrl'), { prefix, ...options }) },
  { name: 'memory', open: (prefix, options) => memoryBus({ prefix, ...options }) },
];

export const usage = (id: string) => outgoing({ channel: 'usage.recorded', id, tenantId: 't', payload: create(UsageRecordedSchema, { attemptId: id }) });
export const ids = (messages: readonly Message<Usage>[]): string[] => messages.map((message) => message.id);

/** How a consumer of the tests reads; its dead letters are gathered in `letters`. */
export const workInto = (letters: DeadLetter[]) => (consumer: string, more: Partial<WorkOptions<Usage>> = {}): WorkOptions<Usage> => ({
  channel: 'usage.recorded', group: 'usage', consumer, claimIdleMs: 300,
  onDeadLetter: async (letter) => { letters.push(letter); return []; },
  ...more,
});

/** A handler's promise that never ends: its process died. */
export const never = (): Promise<never> => new Promise(() => undefined);
