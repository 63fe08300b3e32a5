import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { newId, type Clock } from '@nexus/core';
import { deadLetterMigration, type Database } from '@nexus/postgres';
import { CLOCK, DATABASE, LOGGER, METRICS, REPLICA, TENANT_SETTINGS, TRACER, defaultPorts, type Environment, type Logger, type Metrics, type ServiceDefinition, type TenantSettingsCache, type Tracer } from '@nexus/runtime';
import { readToolExecutorConfig } from './config.js';
import type { Tool } from './domain/tool.js';
import { ToolRegistry } from './domain/tool-registry.js';
import { ExecuteToolHandler } from './handlers/execute-tool.handler.js';
import { ToolMetrics } from './handlers/tool-metrics.js';
import { ExecutionStore } from './storage/execution.store.js';
import { Execution1763620000000 } from './storage/migrations/execution-1763620000000.js';
import { builtInTools } from './tools/built-in-tools.js';
import { compileJsonSchema } from './tools/compile-json-schema.js';
import { ToolExecutorConsumer } from './tool-executor.consumer.js';
import { ToolExecutorRpc } from './tool-executor.rpc.js';

export type { Tool, ToolArguments, ToolContext, ToolParameters } from './domain/tool.js';

@Module({})
class ToolExecutorModule implements OnApplicationShutdown {
  constructor(@Inject(ToolRegistry) private readonly registry: ToolRegistry) {}

  static of(environment: Environment, extraTools: readonly Tool[]): DynamicModule {
    const { allowHosts, mathProcesses } = readToolExecutorConfig(environment);
    const tools = [...builtInTools({ webPage: { allowHosts }, math: { processes: mathProcesses } }), ...extraTools];
    return {
      module: ToolExecutorModule,
      controllers: [ToolExecutorConsumer],
      providers: [
        ToolExecutorRpc,
        { provide: ToolRegistry, useFactory: () => registryOf(tools) },
        {
          provide: ExecuteToolHandler,
          inject: [ToolRegistry, DATABASE, REPLICA, TENANT_SETTINGS, CLOCK, TRACER, LOGGER, METRICS],
          useFactory: (registry: ToolRegistry, database: Database, replica: string, tenantSettings: TenantSettingsCache, clock: Clock, tracer: Tracer, logger: Logger, metrics: Metrics) =>
            new ExecuteToolHandler({
              registry, tenantSettings, clock, tracer, logger,
              metrics: new ToolMetrics(metrics, registry.list().map(({ name }) => name)),
              store: new ExecutionStore(database, replica, newId()),
            }),
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.registry.list().map(async (tool) => tool.close?.()));
  }
}

function registryOf(tools: readonly Tool[]): ToolRegistry {
  const registry = new ToolRegistry(compileJsonSchema);
  for (const tool of tools) registry.add(tool);
  return registry;
}

/** Runs tools: the built-in ones and these. Their `close` is called when the service stops. */
export function toolExecutorServiceWith(extraTools: readonly Tool[]): ServiceDefinition {
  return {
    name: 'tool-executor',
    defaultPort: defaultPorts['tool-executor'],
    storage: { schema: 'tools', migrations: [deadLetterMigration('tools'), Execution1763620000000] },
    module: (environment) => ToolExecutorModule.of(environment, extraTools),
  };
}

export const toolExecutorService: ServiceDefinition = toolExecutorServiceWith([]);
