import { AppError } from '@nexus/core';
import type { RuntimeConfig } from './config.js';
import { environmentName } from './service-addresses.js';
import type { ServiceName } from './service-definition.js';

const oldestNode = [22, 15] as const;

/** Throws AppError `node_too_old` that says how to get the Node that NEXUS runs on. */
export function requireNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new AppError('node_too_old', `NEXUS needs Node ${oldestNode.join('.')} or newer, this is ${version}. In the folder of NEXUS, \`npx node\` is the Node that npm installed.`);
}

/** An error of a start, with words for a person where the reason is an address that cannot be listened on. */
export function startProblem(error: unknown, service: ServiceName, { host, port }: Pick<RuntimeConfig, 'host' | 'port'>): unknown {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  const variable = service === 'gateway' ? 'NEXUS_PORT' : `NEXUS_${environmentName(service)}_PORT`;
  if (code === 'EADDRINUSE') {
    return new AppError('port_taken', `${service} cannot start: port ${port} of ${host} is in use. Stop what uses it, or choose another port with ${variable}.`, { cause: error });
  }
  if (code === 'EACCES') {
    return new AppError('port_not_allowed', `${service} cannot start: this user may not listen on port ${port}. Choose one above 1023 with ${variable}.`, { cause: error });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new AppError('address_unusable', `${service} cannot start: ${host} is no address of this machine. Correct NEXUS_HOST; 127.0.0.1 is the usual one, 0.0.0.0 is every one.`, { cause: error });
  }
  return error;
}
