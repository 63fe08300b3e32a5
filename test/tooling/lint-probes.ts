/** A file that lint must refuse by the named rule, or accept when there is none. */
export interface LintProbe {
  readonly behaviour: string;
  readonly path: string;
  readonly code: string;
  readonly refusedBy?: string;
}

const arrow = 'nexus/arrows';
const imports = (specifier: string) => `import '${specifier}';\n`;

/** The arrows of docs/architecture.md, each from both sides. */
export const arrowProbes: readonly LintProbe[] = [
  { behaviour: 'pure may use zod', path: 'libs/core/src/a1.ts', code: imports('zod') },
  { behaviour: 'pure may use pure', path: 'libs/contracts/src/a2.ts', code: imports('@nexus/core') },
  { behaviour: 'pure must not use infra', path: 'libs/core/src/a3.ts', code: imports('@nexus/channels'), refusedBy: arrow },
  { behaviour: 'pure must not use a library that does input or output', path: 'libs/contracts/src/a4.ts', code: imports('ioredis'), refusedBy: arrow },
  { behaviour: 'pure must not read files', path: 'libs/core/src/a5.ts', code: imports('node:fs/promises'), refusedBy: arrow },
  { behaviour: 'a test of a pure package may use the test runner', path: 'libs/core/src/a6.test.ts', code: imports('vitest') },
  { behaviour: 'channels may use pure', path: 'libs/channels/src/b1.ts', code: imports('@nexus/contracts') },
  { behaviour: 'channels must not use postgres', path: 'libs/channels/src/b2.ts', code: imports('@nexus/postgres'), refusedBy: arrow },
  { behaviour: 'postgres must not use channels, not even its types', path: 'libs/postgres/src/b3.ts', code: `export type { Publisher } from '@nexus/channels';\n`, refusedBy: arrow },
  { behaviour: 'postgres must not reach channels by path', path: 'libs/postgres/src/b4.ts', code: imports('../../channels/src/index.js'), refusedBy: arrow },
  { behaviour: 'runtime may use both', path: 'libs/runtime/src/b5.ts', code: imports('@nexus/channels') + imports('@nexus/postgres') },
  { behaviour: 'a library must not use an app', path: 'libs/runtime/src/b6.ts', code: imports('@nexus/usage/module'), refusedBy: arrow },
  { behaviour: 'a library must not use an app by path', path: 'libs/channels/src/b7.ts', code: imports('../../../apps/usage/src/main.js'), refusedBy: arrow },
  { behaviour: 'a library must not load an app dynamically', path: 'libs/runtime/src/b8.ts', code: `export const load = () => import('@nexus/gateway/module');\n`, refusedBy: arrow },
  { behaviour: 'a service may use infra', path: 'apps/usage/src/c1.ts', code: imports('@nexus/runtime') + imports('@nexus/postgres') },
  { behaviour: 'a service must not use a service', path: 'apps/usage/src/c2.ts', code: imports('@nexus/settings/module'), refusedBy: arrow },
  { behaviour: 'a service must not use a service in a type', path: 'apps/usage/src/c3.ts', code: `export type Other = import('@nexus/settings/module').Other;\n`, refusedBy: arrow },
  { behaviour: 'the composition root may load a service by its module', path: 'apps/cli/src/c4.ts', code: imports('@nexus/usage/module') },
  { behaviour: 'the composition root must not reach further into a service', path: 'apps/cli/src/c5.ts', code: imports('@nexus/usage'), refusedBy: arrow },
  { behaviour: 'only tests use libs/testing', path: 'apps/usage/src/c6.ts', code: imports('@nexus/testing'), refusedBy: arrow },
  { behaviour: 'a test may use libs/testing', path: 'apps/usage/test/c7.test.ts', code: imports('@nexus/testing') },
  { behaviour: 'a test of one app must not use another app', path: 'apps/usage/test/c8.test.ts', code: imports('@nexus/settings/module'), refusedBy: arrow },
  { behaviour: 'sources must not use tests', path: 'apps/usage/src/c9.ts', code: imports('../test/c7.test.js'), refusedBy: arrow },
  { behaviour: 'domain may use core, contracts and siblings', path: 'apps/usage/src/domain/d1.ts', code: imports('@nexus/core') + imports('@nexus/contracts') + imports('./d2.js') },
  { behaviour: 'domain may have siblings', path: 'apps/usage/src/domain/d2.ts', code: 'export const two = 2;\n' },
  { behaviour: 'domain must not use Nest', path: 'apps/usage/src/domain/d3.ts', code: imports('@nestjs/common'), refusedBy: arrow },
  { behaviour: 'domain must not use infra', path: 'apps/usage/src/domain/d4.ts', code: imports('@nexus/postgres'), refusedBy: arrow },
  { behaviour: 'domain must not use another room', path: 'apps/usage/src/domain/d5.ts', code: imports('../config.js'), refusedBy: arrow },
  { behaviour: 'domain must not use Node', path: 'apps/usage/src/domain/d6.ts', code: imports('node:crypto'), refusedBy: arrow },
  { behaviour: 'a handler may use domain', path: 'apps/usage/src/handlers/d7.ts', code: imports('../domain/d2.js') },
  { behaviour: 'a package without a layer is refused', path: 'libs/stray/src/e1.ts', code: 'export const stray = 1;\n', refusedBy: arrow },
];

/** The other rules of the workspace. */
export const ruleProbes: readonly LintProbe[] = [
  { behaviour: 'import cycles are refused', path: 'apps/usage/src/f1.ts', code: `import { b } from './f2.js';\nexport const a = () => b;\n`, refusedBy: 'nexus/no-cycles' },
  { behaviour: 'import cycles are refused at every file', path: 'apps/usage/src/f2.ts', code: `import { a } from './f1.js';\nexport const b = () => a;\n`, refusedBy: 'nexus/no-cycles' },
  { behaviour: 'a cycle of types alone is accepted', path: 'apps/usage/src/f3.ts', code: `import type { F } from './f4.js';\nexport interface E { f?: F }\n` },
  { behaviour: 'a cycle that types break is accepted', path: 'apps/usage/src/f4.ts', code: `import './f3.js';\nexport interface F { n: number }\n` },
  { behaviour: 'floating promises are refused', path: 'apps/usage/src/g1.ts', code: `export const go = (work: () => Promise<void>): void => {\n  work();\n};\n`, refusedBy: '@typescript-eslint/no-floating-promises' },
  { behaviour: 'any is refused', path: 'apps/usage/src/g2.ts', code: 'export const f = (value: any): unknown => value;\n', refusedBy: '@typescript-eslint/no-explicit-any' },
  { behaviour: 'default exports are refused', path: 'apps/usage/src/g3.ts', code: 'export default 1;\n', refusedBy: 'no-restricted-syntax' },
  { behaviour: 'the clock is refused in domain', path: 'apps/usage/src/domain/h1.ts', code: 'export const now = () => Date.now();\n', refusedBy: 'no-restricted-syntax' },
  { behaviour: 'a new Date of now is refused in domain', path: 'apps/usage/src/domain/h2.ts', code: 'export const now = () => new Date();\n', refusedBy: 'no-restricted-syntax' },
  { behaviour: 'a Date of a given time is accepted in domain', path: 'apps/usage/src/domain/h3.ts', code: 'export const at = (ms: number) => new Date(ms);\n' },
  { behaviour: 'the clock is accepted outside of domain', path: 'apps/usage/src/handlers/h4.ts', code: 'export const now = () => Date.now();\n' },
  { behaviour: 'process.env is refused outside of config', path: 'apps/usage/src/i1.ts', code: 'export const port = process.env.NEXUS_PORT;\n', refusedBy: 'no-restricted-syntax' },
  { behaviour: 'process.env is refused when it is taken apart', path: 'apps/usage/src/i2.ts', code: 'export const { env } = process;\n', refusedBy: 'no-restricted-syntax' },
  { behaviour: 'process.env is accepted in config', path: 'apps/usage/src/config.ts', code: 'export const port = process.env.NEXUS_PORT;\n' },
  { behaviour: 'sleeping in a test is refused', path: 'apps/usage/src/j1.test.ts', code: 'export const nap = () => new Promise((resolve) => setTimeout(resolve, 50));\n', refusedBy: 'no-restricted-syntax' },
  { behaviour: 'vague file names are refused', path: 'apps/usage/src/redis-utils.ts', code: 'export const one = 1;\n', refusedBy: 'nexus/file-names' },
  { behaviour: 'file names in camel case are refused', path: 'apps/usage/src/redisUrl.ts', code: 'export const one = 1;\n', refusedBy: 'nexus/file-names' },
];
