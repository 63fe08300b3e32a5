import type { ServiceName } from './service-definition.js';

/** The one port each service serves when it runs apart. */
export const defaultPorts: Readonly<Record<ServiceName, number>> = {
  gateway: 8080,
  'provider-router': 50053,
  orchestrator: 50054,
  settings: 50055,
  usage: 50056,
  'tool-executor': 50057,
};

export const serviceNames = Object.keys(defaultPorts) as ServiceName[];

/** `provider-router` -> `PROVIDER_ROUTER`: how a service is called in the environment. */
export function environmentName(service: ServiceName): string {
  return service.toUpperCase().replaceAll('-', '_');
}
