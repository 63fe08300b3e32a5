import type { AdapterMemory } from './memory/adapter-memory.js';
import type { AdapterObserver } from './observer.js';
import type { AdapterSettings } from './adapter-settings.js';
import type { Place, Surface } from './surface.js';
import type { AdapterTransport } from './transport/adapter-transport.js';

export interface AdapterOptions {
  readonly surface: Surface;
  readonly transport: AdapterTransport;
  readonly memory: AdapterMemory;
  readonly settings?: AdapterSettings;
  readonly observer?: AdapterObserver;
}

/** How an adapter is. */
export interface AdapterHealth {
  /** NEXUS can be reached. */
  readonly isConnected: boolean;
  /** Messages without a delivered answer. */
  readonly open: number;
  /** Milliseconds since the oldest of them came; 0 when none is open. */
  readonly oldestOpenMs: number;
}

/** An adapter that runs. */
export interface Adapter {
  health(): AdapterHealth;
  /** Tells a place something that answers nobody. Markdown. */
  notify(place: Place, markdown: string): Promise<void>;
  /** Hears no more people, finishes what is being written (at most `graceMs`, default 5,000) and leaves the rest to its next start. Closes transport and memory. Idempotent. */
  stop(graceMs?: number): Promise<void>;
}
