import type { ServiceDefinition } from '@nexus/runtime';

/** The services in the order in which they are started: those of one group at the same time, the gateway last. */
export interface LoadedServices {
  readonly runtime: typeof import('@nexus/runtime');
  readonly groups: readonly (readonly ServiceDefinition[])[];
  readonly gateway: ServiceDefinition;
}

/** Loads what is large, while the servers start. */
export async function loadServices(): Promise<LoadedServices> {
  const [runtime, settings, usage, tools, router, orchestrator, gateway] = await Promise.all([
    import('@nexus/runtime'),
    import('@nexus/settings/module'),
    import('@nexus/usage/module'),
    import('@nexus/tool-executor/module'),
    import('@nexus/provider-router/module'),
    import('@nexus/orchestrator/module'),
    import('@nexus/gateway/module'),
  ]);
  return {
    runtime,
    // What an earlier start left in the channels is handled at once, so whoever is asked while handling it must be there before.
    groups: [[settings.settingsService, usage.usageService, tools.toolExecutorService], [router.providerRouterService], [orchestrator.orchestratorService]],
    gateway: gateway.gatewayService,
  };
}
