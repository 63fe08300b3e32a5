import { AppError } from '@nexus/core';
import type { AdapterTransport } from './adapter-transport.js';

export interface RedisTransportOptions {
  readonly redisUrl: string;
  /** A surface token, or an API key, and the id of that key. */
  readonly token: string;
  readonly keyId: string;
  /** This adapter's own name among those that use the token, stable over restarts: letters, digits, dash and underscore. */
  readonly name: string;
  /** `NEXUS_REDIS_PREFIX` of the NEXUS; empty by default. */
  readonly prefix?: string;
  /** The gateway, `http://127.0.0.1:8080`, for files; without it files are told in words. */
  readonly gatewayUrl?: string;
}

/** NEXUS over Redis. */
export function redisTransport(_options: RedisTransportOptions): AdapterTransport {
  throw new AppError('unimplemented', 'not there yet', { status: 501 });
}
