import { adapterCases } from './adapter-cases.js';
import type { ConformancePlatform } from './conformance-platform.js';
import { surfaceCases } from './surface-cases.js';

export interface ConformanceOptions {
  /** A platform of its own for each case, not connected yet. */
  readonly start: () => Promise<ConformancePlatform>;
}

/** One thing that an adapter must do; `run` rejects when it does not. For any test runner. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/**
 * What every adapter must do, each case with a platform of its own: `for (const { name, run } of adapterConformance({ start })) it(name, run)`.
 * A case that needs what the platform has not (files, edits, a way to break its connection) passes without doing anything, and its name says
 * `where there are`.
 */
export function adapterConformance({ start }: ConformanceOptions): readonly ConformanceCase[] {
  return [...surfaceCases, ...adapterCases].map(({ name, check }) => ({
    name,
    run: async () => {
      const platform = await start();
      try {
        await check(platform);
      } finally {
        await platform.stop();
      }
    },
  }));
}
