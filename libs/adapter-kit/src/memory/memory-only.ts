import type { AdapterMemory } from './adapter-memory.js';

interface Kept {
  readonly value: string;
  /** Unix milliseconds; undefined: without an end. */
  readonly until: number | undefined;
}

const SWEEP_EVERY_MS = 60_000;

/** A memory that ends with its process: for trying things out. What is not answered then is lost to the person who asked, unless the surface tells it again. */
export function memoryOnly(): AdapterMemory {
  const kept = new Map<string, Kept>();
  const sweep = setInterval(() => {
    const now = Date.now();
    for (const [key, { until }] of kept) if (until !== undefined && until <= now) kept.delete(key);
  }, SWEEP_EVERY_MS).unref();
  return {
    isDurable: false,
    get: async (key) => {
      const found = kept.get(key);
      return found === undefined || (found.until !== undefined && found.until <= Date.now()) ? undefined : found.value;
    },
    set: async (key, value, expiresInMs) => void kept.set(key, { value, until: expiresInMs === undefined ? undefined : Date.now() + expiresInMs }),
    delete: async (key) => void kept.delete(key),
    list: async (prefix) => [...kept].flatMap(([key, { value, until }]) => (key.startsWith(prefix) && until === undefined ? [[key, value] as const] : [])),
    close: async () => clearInterval(sweep),
  };
}
