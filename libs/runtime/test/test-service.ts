import { createHash } from 'node:crypto';
import { Module } from '@nestjs/common';
import { createRouterTransport, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { memoryBus, type ChannelBus } from '@nexus/channels';
import { DirectoryService, KeyKind, ToolService, type Key } from '@nexus/contracts';
import { AppError, systemClock, type Clock } from '@nexus/core';
import {
  RpcService, ServiceClients, createLogger, defaultPorts, requireAdmin, requireService, requireTenant, serviceNames, startService,
  type Infrastructure, type RunningService, type ServiceDefinition, type ServiceName,
} from '../src/index.js';

export const SERVICE_TOKEN = 'service-token-of-the-tests';
export const TENANT_A = '0190d8a0-0000-7000-8000-00000000000a';

type KeyFields = Partial<Omit<Key, '$typeName'>>;

/** Secrets that the directory of the tests knows. */
const secrets: Record<string, { readonly tenantId: string; readonly key: KeyFields }> = {
  'nxs_admin': { tenantId: TENANT_A, key: { id: 'key-admin', kind: KeyKind.API, isAdmin: true } },
  'nxs_plain': { tenantId: TENANT_A, key: { id: 'key-plain', kind: KeyKind.API } },
  'nxs_surface': { tenantId: TENANT_A, key: { id: 'key-surface', kind: KeyKind.SURFACE, surfaces: ['telegram'] } },
};

/** Held by tests to keep a call under way. */
export const held: { release: (() => void) | undefined } = { release: undefined };

const named = (name: string) => ({ definition: { name } });

/** `listTools` does what the test asks by the request header `x-test`. */
@RpcService(ToolService)
class TestTools implements ServiceImpl<typeof ToolService> {
  async listTools(_request: unknown, context: HandlerContext) {
    const wish = context.requestHeader.get('x-test');
    if (wish === 'tenant') return { tools: [named(requireTenant(context).tenantId)] };
    if (wish === 'admin') return { tools: [named(requireAdmin(context).kind)] };
    if (wish === 'service') return { tools: [named(requireService(context).kind)] };
    if (wish === 'app-error') throw new AppError('tool_broken', 'The tool is broken.', { status: 429, isRetryable: true, param: 'tool', retryAfterMs: 1_500 });
    if (wish === 'crash') throw new Error('the password is hunter2');
    if (wish === 'hold') await new Promise<void>((resolve) => (held.release = resolve));
    return { tools: [named('math_solver')] };
  }
}

@Module({ providers: [TestTools] })
class TestModule {}

export const testDefinition: ServiceDefinition = { name: 'tool-executor', defaultPort: defaultPorts['tool-executor'], module: () => TestModule };

/** The settings service's place is taken by a directory in memory, reached like the real one. */
export function testDirectory(known = secrets): { readonly transport: ReturnType<typeof createRouterTransport>; readonly asked: () => number } {
  let asked = 0;
  const transport = createRouterTransport((router) => {
    router.service(DirectoryService, {
      resolveKey({ hash }) {
        asked += 1;
        const found = Object.entries(known).find(([secret]) => createHash('sha256').update(secret).digest().equals(hash));
        return found === undefined ? {} : found[1];
      },
      getTenantSettings: () => ({ disabledTools: ['load_web_page'] }),
    });
  });
  return { transport, asked: () => asked };
}

export function testInfrastructure(overrides: { bus?: ChannelBus; clock?: Clock; environment?: Record<string, string>; url?: string } = {}): Infrastructure {
  const urls = Object.fromEntries(serviceNames.map((name) => [name, overrides.url ?? 'http://127.0.0.1:1'])) as Record<ServiceName, string>;
  const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls });
  clients.offer('settings', testDirectory().transport);
  return {
    bus: overrides.bus ?? memoryBus(),
    clients,
    logger: createLogger({ level: 'silent' }),
    clock: overrides.clock ?? systemClock,
    environment: overrides.environment ?? {},
    serviceToken: SERVICE_TOKEN,
    replica: 'test-1',
  };
}

export async function startTestService(infrastructure: Infrastructure = testInfrastructure()): Promise<RunningService & { url: string }> {
  return (await startService(testDefinition, infrastructure, { listen: true, port: 0 })) as RunningService & { url: string };
}
