import { create } from '@bufbuild/protobuf';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { memoryBus, outgoing, type ChannelBus, type Message, type OutgoingMessage } from '@nexus/channels';
import { AppError } from '@nexus/core';
import { InferenceRequestSchema, InferenceResponseSchema, SettingsChangedSchema, UsageRecordedSchema } from '@nexus/contracts';
import { pino } from 'pino';
import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Metrics } from '../metrics/metrics.js';
import { ChannelMeter } from './channel-meter.js';
import { ChannelTransport } from './channel-transport.js';
import { ConsumesBatches, ConsumesEach, Follows } from './consumes.js';

const seen: string[] = [];
let failures = 0;

@Controller()
class Consumer {
  private readonly prefix = 'got';

  @ConsumesBatches('usage.recorded')
  async settle(batch: readonly Message<'usage.recorded'>[]): Promise<OutgoingMessage[]> {
    if (failures-- > 0) throw new AppError('database_unavailable', 'away', { isRetryable: true });
    if (batch.some((message) => message.id === 'useless')) throw new AppError('invalid', 'never', { status: 400 });
    seen.push(...batch.map((message) => `${this.prefix} ${message.payload.attemptId}`));
    return [];
  }

  @ConsumesEach('inference.request', {
    replyToDeadLetter: ({ message }) => (message ? [outgoing({ channel: 'inference.response', id: `dead ${message.id}`, to: message.replyTo, payload: create(InferenceResponseSchema, {}) })] : []),
  })
  async call(message: Message<'inference.request'>, signal: AbortSignal): Promise<OutgoingMessage[]> {
    signal.throwIfAborted();
    if (message.id === 'bad') throw new AppError('invalid', 'never', { status: 400 });
    return [outgoing({ channel: 'inference.response', id: `answer ${message.id}`, to: message.replyTo, payload: create(InferenceResponseSchema, { attemptId: message.id }) })];
  }

  @Follows('settings.changed')
  changed(batch: readonly Message<'settings.changed'>[]): void {
    seen.push(...batch.map((message) => `changed ${message.payload.name}`));
  }
}

@Module({ controllers: [Consumer] })
class ConsumerModule {}

describe('ChannelTransport', () => {
  let bus: ChannelBus;
  let metrics: Metrics;
  let stop: () => Promise<void>;
  const logged: string[] = [];

  beforeEach(async () => {
    seen.length = 0;
    logged.length = 0;
    failures = 0;
    bus = memoryBus();
    metrics = new Metrics();
    const app = await NestFactory.createMicroservice(ConsumerModule, {
      logger: false,
      strategy: new ChannelTransport({ bus, group: 'usage', consumer: 'one', deadLetters: undefined, meter: new ChannelMeter(metrics, 'usage'), logger: pino({ level: 'warn' }, { write: (line) => void logged.push(line) }) }),
    });
    await app.listen();
    stop = () => app.close();
  });
  afterEach(async () => {
    await stop();
    await bus.close();
  });

  const usage = (id: string) => outgoing({ channel: 'usage.recorded', id, tenantId: 't', payload: create(UsageRecordedSchema, { attemptId: id }) });

  it('gives batches, single messages and broadcasts to their handlers', async () => {
    await bus.publish(usage('a'));
    await bus.publish({ channel: 'settings.changed', id: 'c', payload: create(SettingsChangedSchema, { name: 'x' }) });
    await expect.poll(() => seen.toSorted()).toEqual(['changed x', 'got a']);
  });

  it('publishes what a handler returns', async () => {
    const answers: string[] = [];
    const reader = bus.followReplies('inference.response', 'me', (batch) => { answers.push(...batch.map((message) => message.id)); });
    await reader.ready;
    await bus.publish({ channel: 'inference.request', id: 'q', tenantId: 't', replyTo: 'me', payload: create(InferenceRequestSchema, {}) });
    await expect.poll(() => answers).toEqual(['answer q']);
    await bus.publish({ channel: 'inference.request', id: 'bad', tenantId: 't', replyTo: 'me', payload: create(InferenceRequestSchema, {}) });
    await expect.poll(() => answers).toEqual(['answer q', 'dead bad']);
    await reader.stop();
  });

  it('keeps the AppError of a handler through Nest: what can pass is tried again, what is useless is set aside', async () => {
    failures = 3;
    await bus.publishAll([usage('a'), usage('useless'), usage('b')]);
    await expect.poll(() => seen).toEqual(['got a', 'got b']);
    const told = (code: string): number => logged.filter((line) => (JSON.parse(line) as { code?: string }).code === code).length;
    expect([told('database_unavailable'), told('invalid')]).toEqual([1, 1]);
    const shown = await metrics.text();
    expect(shown).toContain('nexus_channel_deliveries_total{service="usage",channel="usage.recorded",outcome="handled"} 2');
    await expect.poll(() => metrics.text()).toContain('nexus_dead_letters_added_total{service="usage",channel="usage.recorded",code="invalid"} 1');
  });
});
