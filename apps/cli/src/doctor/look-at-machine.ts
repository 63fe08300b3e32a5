import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Finding } from '../domain/doctor/finding.js';
import { judgeDisk, judgeMemory, type MemoryFacts } from '../domain/doctor/judge-machine.js';
import type { ExaminedPlace } from './examination.js';

/** The disk of the data folder, and this machine's memory. */
export async function lookAtMachine({ context: { config } }: ExaminedPlace): Promise<readonly Finding[]> {
  const path = existing(config.dataDir);
  const { bsize, bavail, blocks } = await statfs(path);
  return [judgeDisk({ path, freeBytes: bsize * bavail, totalBytes: bsize * blocks }), ...judgeMemory(memory())];
}

/** The folder, or the nearest one above it that is there. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}

function memory(): MemoryFacts {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '')?.[1];
  const most = Number(read('/sys/fs/cgroup/memory.max')?.trim()); // NaN for `max`, and where there is none
  const used = Number(read('/sys/fs/cgroup/memory.current')?.trim());
  return {
    availableBytes: available === undefined ? freemem() : Number(available) * 1_024,
    totalBytes: totalmem(),
    limit: Number.isFinite(most) && Number.isFinite(used) ? { bytes: most, usedBytes: used } : undefined,
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // another system
  }
}
