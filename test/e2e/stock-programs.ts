import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The programs, in exact versions: they are hundreds of megabytes, so they are no dependencies, but kept in a folder of the machine's cache. */
const VERSIONS = { '@anthropic-ai/claude-code': '2.1.329', '@openai/codex': '0.169.0' } as const;

const INSTALL_WITHIN_MS = 300_000;

export interface StockPrograms {
  readonly claude: string;
  readonly codex: string;
}

/** Where the programs are, installed now if they were not before; or why they are not. */
export async function stockPrograms(): Promise<StockPrograms | string> {
  const versions = Object.entries(VERSIONS).map(([name, version]) => `${name}@${version}`);
  const folder = join(process.env['NEXUS_TEST_CACHE'] ?? join(homedir(), '.cache', 'nexus-tests'), versions.join('+').replaceAll(/[/@]+/g, '-'));
  const programs = { claude: join(folder, 'node_modules', '.bin', 'claude'), codex: join(folder, 'node_modules', '.bin', 'codex') };
  const done = join(folder, 'installed');
  if (existsSync(done)) return programs;
  try {
    mkdirSync(folder, { recursive: true });
    await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save', '--fetch-retries', '1', '--fetch-retry-mintimeout', '1000', ...versions], { timeout: INSTALL_WITHIN_MS });
    for (const program of Object.values(programs)) await run(program, ['--version'], { timeout: 60_000 });
    writeFileSync(done, '');
    return programs;
  } catch (error) {
    return `they cannot be installed: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`;
  }
}
