import type { Metrics } from '@nexus/runtime';
import { closeCodes } from './close-codes.js';

/** Codes that a client, or the way to it, closes with; of others there is no end. */
const USUAL_CODES: ReadonlySet<number> = new Set([1000, 1001, 1002, 1005, 1006, 1007, 1009, 1011, ...Object.values(closeCodes)]);

/** What is measured of WebSockets. */
export class SocketMetrics {
  private readonly connections;
  private readonly frames;
  private readonly closes;

  constructor(metrics: Metrics) {
    this.connections = metrics.gauge('nexus_websocket_connections', 'WebSockets that are open at this replica.', []);
    this.frames = metrics.counter('nexus_websocket_frames_total', 'Frames of WebSockets, by direction (in, out) and type.', ['direction', 'type']);
    this.closes = metrics.counter('nexus_websocket_closes_total', 'WebSockets that were closed, by code.', ['code']);
  }

  opened(): void {
    this.connections.inc();
  }

  closed(code: number): void {
    this.connections.dec();
    this.closes.inc({ code: USUAL_CODES.has(code) ? String(code) : 'other' });
  }

  frame(direction: 'in' | 'out', type: string): void {
    this.frames.inc({ direction, type });
  }
}
