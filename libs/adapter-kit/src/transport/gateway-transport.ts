import { AppError } from '@nexus/core';
import type { AdapterTransport } from './adapter-transport.js';

export interface GatewayTransportOptions {
  /** The gateway, `http://127.0.0.1:8080`. */
  readonly url: string;
  /** A surface token, or an API key. */
  readonly token: string;
}

/** NEXUS over a WebSocket of the gateway. */
export function gatewayTransport(_options: GatewayTransportOptions): AdapterTransport {
  throw new AppError('unimplemented', 'not there yet', { status: 501 });
}
