import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** Workspace packages resolve to their TypeScript sources, so that tests never run a stale build. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@nexus/source', ...defaultServerConditions] } },
  test: {
    include: ['libs/**/*.test.ts', 'apps/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // One private Postgres and one private Redis for the run.
    globalSetup: ['libs/testing/src/global-setup.ts'],
    // What a busy machine needs for what another one does in a moment.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 20_000,
    hookTimeout: 120_000,
  },
});
