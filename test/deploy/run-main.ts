import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../e2e/nexus-apart.js';

/** The built entry of an app. */
export const mainOf = (app: string): string => join(root, 'apps', app, 'dist/main.js');

/** Runs an app's entry to its end; resolves to its exit code and all it wrote. */
export function runMain(app: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [mainOf(app), ...args], { env: { ...env }, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, output: stdout + stderr }),
    );
  });
}
