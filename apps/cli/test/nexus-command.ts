import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { freePort, spawnService, type Service } from '@nexus/testing';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = fileURLToPath(new URL('../bin/nexus.mjs', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  /** Milliseconds from the first text on standard output to the end. */
  readonly talkedForMs: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder where `nexus` is run: what it keeps is there, and no .env of anybody. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  /** Runs a command of the built `nexus` to its end. */
  nexus(args: readonly string[], options?: { readonly env?: Readonly<Record<string, string>>; readonly input?: string }): Promise<CommandResult>;
  /** Starts `nexus up` and waits for the ready line. */
  up(): Promise<Service>;
  remove(): void;
}

/** @param options.hasPrograms false: its PATH is empty, so that there is no redis-server to be found. */
export async function createPlace(environment: Readonly<Record<string, string>> = {}, { hasPrograms = true } = {}): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-up-'));
  // The private servers of root run as another user, who must be able to come in.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const env = { NEXUS_PORT: String(port), NEXUS_CONFIG_DIR: join(root, 'config'), PATH: hasPrograms ? (process.env['PATH'] ?? '') : join(folder, 'no-programs'), ...environment };
  return {
    folder, port, env,
    async nexus(args, { env: more = {}, input = '' } = {}) {
      const child = spawn(process.execPath, [program, ...args], { cwd: folder, env: { ...env, ...more }, stdio: 'pipe' });
      child.stdin.end(input);
      const code = new Promise<number | null>((resolve) => child.once('close', resolve));
      let beganAt = Infinity;
      child.stdout.once('data', () => (beganAt = performance.now()));
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { code: await code, stdout, stderr, talkedForMs: performance.now() - beganAt };
    },
    up: () => spawnService({ args: [program, 'up'], cwd: folder, env, ready: { line: /^NEXUS is ready: / }, readyWithinMs: 60_000 }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The processes that a process has started, and those that these have started. */
export function descendantsOf(pid: number): number[] {
  const listed = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).stdout.trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const found: number[] = [];
  const search = (parent: number): void => {
    for (const [child, ppid] of listed) {
      if (ppid !== parent || child === undefined) continue;
      found.push(child);
      search(child);
    }
  };
  search(pid);
  return found;
}

/** Those of the processes that still run. */
export function livingOf(pids: readonly number[]): number[] {
  const listed = spawnSync('ps', ['-eo', 'pid=,stat='], { encoding: 'utf8' }).stdout.trim().split('\n').map((line) => line.trim().split(/\s+/));
  const living = new Set(listed.filter(([, state]) => state?.startsWith('Z') === false).map(([pid]) => Number(pid)));
  return pids.filter((pid) => living.has(pid));
}
