import { create } from '@bufbuild/protobuf';
import { memoryBus, outgoing, type ChannelBus, type ChannelMeasure } from '@nexus/channels';
import { UsageRecordedSchema } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { Metrics } from '../metrics/metrics.js';
import { ChannelMeter } from './channel-meter.js';
import { ChannelWatch } from './channel-watch.js';

const shown = async (metrics: Metrics, name: string): Promise<string[]> => (await metrics.text()).split('\n').filter((line) => line.startsWith(`${name}{`));
const usage = (id: string) => outgoing({ channel: 'usage.recorded', id, tenantId: 't', payload: create(UsageRecordedSchema, { attemptId: id }) });
const group = (name: string) => ({ name, lag: 3, pending: 1, queueAgeMs: 1_500, pendingAgeMs: 250 });

it('shows of the channels that its service reads what stands in them, and of no others', async () => {
  const metrics = new Metrics();
  const bus = memoryBus();
  const reader = bus.consumeBatches({ channel: 'usage.recorded', group: 'usage', consumer: 'one', onDeadLetter: async () => [] }, () => new Promise<never>(() => undefined));
  await reader.ready;
  await bus.publishAll([usage('a')]);
  const watch = new ChannelWatch({ bus, metrics, service: 'usage' });
  await expect.poll(async () => {
    await watch.check();
    return shown(metrics, 'nexus_channel_pending');
  }).toEqual(['nexus_channel_pending{channel="usage.recorded",group="usage"} 1']);
  expect(await shown(metrics, 'nexus_channel_lag')).toEqual(['nexus_channel_lag{channel="usage.recorded",group="usage"} 0']);
  expect(await shown(metrics, 'nexus_channel_entries_added_total')).toEqual(['nexus_channel_entries_added_total{channel="usage.recorded"} 1']);
  await reader.stop(0);
  await bus.close();
});

it('counts on after a stream began anew, and forgets a group that is gone and a bus that does not answer', async () => {
  const metrics = new Metrics();
  let now: ChannelMeasure | undefined = { entries: 5, added: 5, groups: [group('usage'), group('mine')] };
  const bus: Pick<ChannelBus, 'measure'> = { measure: async () => now ?? Promise.reject(new AppError('bus_unavailable', 'away')) };
  const watch = new ChannelWatch({ bus, metrics, service: 'usage' });
  await watch.check();
  expect(await shown(metrics, 'nexus_channel_queue_age_seconds')).toEqual(['usage', 'mine'].map((name) => `nexus_channel_queue_age_seconds{channel="usage.recorded",group="${name}"} 1.5`));
  now = { entries: 2, added: 2, groups: [group('usage')] };
  await watch.check();
  expect(await shown(metrics, 'nexus_channel_lag')).toEqual(['nexus_channel_lag{channel="usage.recorded",group="usage"} 3']);
  expect(await shown(metrics, 'nexus_channel_entries_added_total')).toEqual(['nexus_channel_entries_added_total{channel="usage.recorded"} 2']);
  now = undefined;
  await watch.check();
  expect(await shown(metrics, 'nexus_channel_lag')).toEqual([]);
});

it('tells what a handler was handed, what came of it, and how long it waited', async () => {
  const metrics = new Metrics();
  const meter = new ChannelMeter(metrics, 'usage');
  meter.watch('usage.recorded');
  expect(await shown(metrics, 'nexus_channel_deliveries_total')).toContain('nexus_channel_deliveries_total{service="usage",channel="usage.recorded",outcome="failed"} 0');
  meter.begin('usage.recorded', [{ deliveries: 1, timestamp: Date.now() - 3_000 }, { deliveries: 2, timestamp: 0 }])('handled');
  meter.begin('usage.recorded', [{ deliveries: 3, timestamp: 0 }])('failed');
  meter.deadLetter('usage.recorded', 'malformed_payload');
  expect(await shown(metrics, 'nexus_channel_deliveries_total')).toEqual(['handled"} 2', 'failed"} 1'].map((end) => `nexus_channel_deliveries_total{service="usage",channel="usage.recorded",outcome="${end}`));
  expect(await shown(metrics, 'nexus_channel_redeliveries_total')).toEqual(['nexus_channel_redeliveries_total{service="usage",channel="usage.recorded"} 2']);
  expect(await shown(metrics, 'nexus_channel_wait_seconds_count')).toEqual(['nexus_channel_wait_seconds_count{service="usage",channel="usage.recorded"} 1']);
  expect((await shown(metrics, 'nexus_channel_wait_seconds_bucket')).find((line) => line.includes('le="2.5"'))).toMatch(/ 0$/);
  expect(await shown(metrics, 'nexus_dead_letters_added_total')).toEqual(['nexus_dead_letters_added_total{service="usage",channel="usage.recorded",code="malformed_payload"} 1']);
});
