import { redisBus, type ChannelBus } from '@nexus/channels';
import { systemClock } from '@nexus/core';
import { ServiceClients, createLogger, serviceNames, startService, type RunningService, type ServiceName } from '@nexus/runtime';
import { gatewayService } from '../src/gateway.module.js';
import { offerNeighbours, testKeys, type Neighbourhood } from './fake-neighbours.js';
import { FakeOrchestrator } from './fake-orchestrator.js';
import { startFakeRouter, type FakeRouter } from './fake-router.js';

export const SERVICE_TOKEN = 'service-token-of-the-tests';

export interface GatewayUnderTest extends Neighbourhood {
  readonly url: string;
  readonly bus: ChannelBus;
  readonly router: FakeRouter;
  readonly orchestrator: FakeOrchestrator;
  /** A request with this key and JSON body; a POST when there is a body. */
  call(path: string, options?: { key?: string; body?: unknown; method?: string; headers?: Record<string, string>; signal?: AbortSignal }): Promise<Response>;
  /** Stops the gateway alone. */
  end(graceMs: number, noticeMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** The gateway on a real Redis, beside neighbours that answer as told; with `beside`, another replica of that one, beside the same neighbours. */
export async function startGateway(redis: { url: string; prefix: string }, environment: Record<string, string> = {}, beside?: GatewayUnderTest): Promise<GatewayUnderTest> {
  const bus = redisBus(redis.url, { prefix: redis.prefix });
  const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
  const neighbourhood: Neighbourhood = beside ?? { keys: testKeys(), threads: new Map(), runs: new Map(), cancelled: [], tasks: new Map(), files: new Map(), responses: new Map(), idempotencyKeys: [] };
  offerNeighbours(clients, neighbourhood);
  const router = beside?.router ?? startFakeRouter(bus);
  const orchestrator = beside?.orchestrator ?? new FakeOrchestrator(bus, SERVICE_TOKEN, neighbourhood.runs);
  const infrastructure = { bus, clients, logger: createLogger({ level: 'silent' }), clock: systemClock, environment, serviceToken: SERVICE_TOKEN, replica: beside ? 'test-2' : 'test-1' };
  const service: RunningService = await startService(gatewayService, infrastructure, { listen: true, port: 0 });
  const url = service.url ?? '';
  const { keys, threads, runs, cancelled, tasks, files, responses, idempotencyKeys } = neighbourhood;
  return {
    keys, threads, runs, cancelled, tasks, files, responses, idempotencyKeys, url, bus, router, orchestrator,
    call: (path, { key = 'nx_a_user', body, method, headers, signal } = {}) =>
      fetch(url + path, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...(key !== '' && { authorization: `Bearer ${key}` }), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        ...(signal && { signal }),
      }),
    end: (graceMs, noticeMs) => service.stop(graceMs, noticeMs),
    async stop() {
      await service.stop(1_000);
      if (!beside) await Promise.all([router.stop(), orchestrator.stop()]);
      clients.close();
      await bus.close();
    },
  };
}
