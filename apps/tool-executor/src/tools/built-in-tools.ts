import type { Tool } from '../domain/tool.js';
import { currentTime } from './current-time.js';
import { loadWebPage, type LoadWebPageConfig } from './load-web-page.js';
import { mathSolver, type MathSolverConfig } from './math-solver.js';

export interface BuiltInToolsConfig {
  readonly math?: MathSolverConfig;
  readonly webPage?: LoadWebPageConfig;
}

/** The tools that come with NEXUS. They start processes when first used; `close` of each ends them. */
export function builtInTools(config: BuiltInToolsConfig = {}): Tool[] {
  return [currentTime, mathSolver(config.math), loadWebPage(config.webPage)];
}
