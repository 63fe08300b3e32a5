import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { DeadLetterStore } from '@nexus/postgres';
import type { Infrastructure } from './infrastructure.js';
import type { KeyResolver } from './keys/key-resolver.js';
import type { TenantSettingsCache } from './keys/tenant-settings-cache.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics/metrics.js';
import type { ServiceDefinition } from './service-definition.js';
import type { Stopping } from './stopping.js';
import type { Tracer } from './telemetry/tracing.js';
import { BUS, CLIENTS, CLOCK, DATABASE, DEAD_LETTERS, ENVIRONMENT, KEY_RESOLVER, LOGGER, METRICS, REPLICA, SERVICE_TOKEN, STOPPING, TENANT_SETTINGS, TRACER } from './tokens.js';

/** What one service has of its own, beside the infrastructure. */
export interface ServiceParts {
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly metrics: Metrics;
  readonly stopping: Stopping;
  readonly keys: KeyResolver;
  readonly tenantSettings: TenantSettingsCache;
  readonly deadLetters: DeadLetterStore | undefined;
}

/** The root of a service's application: its own module, and globally what runtime gives. */
@Module({})
export class RuntimeModule {
  static forService(definition: ServiceDefinition, infrastructure: Infrastructure, parts: ServiceParts): DynamicModule {
    const providers: Provider[] = [
      { provide: BUS, useValue: infrastructure.bus },
      { provide: DATABASE, useValue: infrastructure.database },
      { provide: CLIENTS, useValue: infrastructure.clients },
      { provide: CLOCK, useValue: infrastructure.clock },
      { provide: ENVIRONMENT, useValue: infrastructure.environment },
      { provide: REPLICA, useValue: infrastructure.replica },
      { provide: SERVICE_TOKEN, useValue: infrastructure.serviceToken },
      { provide: LOGGER, useValue: parts.logger },
      { provide: TRACER, useValue: parts.tracer },
      { provide: METRICS, useValue: parts.metrics },
      { provide: STOPPING, useValue: parts.stopping },
      { provide: KEY_RESOLVER, useValue: parts.keys },
      { provide: TENANT_SETTINGS, useValue: parts.tenantSettings },
      { provide: DEAD_LETTERS, useValue: parts.deadLetters },
    ];
    return {
      module: RuntimeModule,
      global: true,
      imports: [DiscoveryModule, definition.module(infrastructure.environment)],
      providers,
      exports: providers.map((provider) => (provider as { provide: symbol }).provide),
    };
  }
}
