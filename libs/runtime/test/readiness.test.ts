import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { memoryBus, type ChannelBus } from '@nexus/channels';
import { Health, HealthCheckResponse_ServingStatus as Status } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestService, testInfrastructure } from './test-service.js';

/** A bus whose store stops answering when told to. */
function breakableBus(): { readonly bus: ChannelBus; fail: boolean } {
  const state = { fail: false, bus: memoryBus() };
  const answer = state.bus.ping.bind(state.bus);
  state.bus.ping = () => (state.fail ? Promise.reject(new AppError('bus_unavailable', 'Redis does not answer.')) : answer());
  return state;
}

let service: Awaited<ReturnType<typeof startTestService>>;
afterEach(() => service.stop());

describe('a service whose Redis is away', () => {
  it('lives, is not ready, and is ready again when it is back', async () => {
    const state = breakableBus();
    service = await startTestService(testInfrastructure({ bus: state.bus }));
    const health = createClient(Health, createGrpcTransport({ baseUrl: service.url }));
    const ready = async () => [(await fetch(`${service.url}/health/ready`)).status, (await health.check({})).status];
    expect(await ready()).toEqual([200, Status.SERVING]);
    state.fail = true;
    await expect.poll(ready).toEqual([503, Status.NOT_SERVING]);
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    state.fail = false;
    await expect.poll(ready).toEqual([200, Status.SERVING]);
  });
});
