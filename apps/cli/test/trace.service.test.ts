import { startOtlpReceiver, type OtlpReceiver, type Service } from '@nexus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPlace, type Place } from './nexus-command.js';

let receiver: OtlpReceiver;
let place: Place;
let nexus: Service;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  place = await createPlace({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, { hasPrograms: false });
  nexus = await place.up();
}, 90_000);
afterAll(async () => {
  await nexus?.stop();
  place?.remove();
});

it('the trace that `nexus up` names is one connected trace from its question over tool and models to the ledger', async () => {
  const traceId = /trace ([0-9a-f]{32})\n/.exec(nexus.output())?.[1];
  const spans = () => receiver.spans().filter((span) => span.traceId === traceId);
  const services = ['nexus-cli', 'nexus-orchestrator', 'nexus-provider-router', 'nexus-tool-executor', 'nexus-usage'];
  await expect.poll(() => new Set(spans().map((span) => span.serviceName)), { timeout: 10_000 }).toEqual(new Set(services));
  const orphans = () => spans().filter((span) => span.parentSpanId && !spans().some(({ spanId }) => spanId === span.parentSpanId));
  await expect.poll(() => orphans().map((span) => `${span.serviceName} ${span.name}`), { timeout: 10_000 }).toEqual([]);
  expect(spans().filter((span) => !span.parentSpanId).map((span) => span.serviceName)).toEqual(['nexus-cli']);
});

it('ends in time and in order also when the collector is gone', async () => {
  await receiver.close();
  await place.nexus(['ask', 'hello']);
  const asked = performance.now();
  expect(await nexus.kill('SIGINT')).toBe('exited with code 0');
  expect(performance.now() - asked).toBeLessThan(5_000);
});
