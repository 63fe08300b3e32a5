import type { DynamicModule, Type } from '@nestjs/common';
import type { MigrationClass } from '@nexus/postgres';

/** Names of the services; also their Postgres schemas' owners and their consumer groups. */
export type ServiceName = 'orchestrator' | 'provider-router' | 'tool-executor' | 'settings' | 'usage' | 'gateway';

/** All that runService() must know of a service; each app's `./module` exports one. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  /** The one port it serves when it runs apart. */
  readonly defaultPort: number;
  /** True when programs from outside call its port: what is meant for those who run NEXUS then needs the service token. */
  readonly facesOutside?: boolean;
  /** Its Postgres schema (`orchestrator`, `router`, `tools`, `settings`, `usage`), with what builds it. */
  readonly storage?: { readonly schema: string; readonly migrations: readonly MigrationClass[] };
  /** The service's own Nest module. The environment is validated by the service's config.ts inside it. */
  readonly module: (environment: Readonly<Record<string, string | undefined>>) => Type | DynamicModule;
}
