import { findingsOf, type Finding } from './finding.js';

export interface DiskFacts {
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface MemoryFacts {
  readonly availableBytes: number;
  readonly totalBytes: number;
  /** Of the control group of this process; undefined without one. */
  readonly limit?: { readonly bytes: number; readonly usedBytes: number } | undefined;
}

/** How far another clock is ahead of this one. */
export interface ClockFacts {
  readonly of: string;
  readonly aheadMs: number;
  /** How long the question took: so much is not known. */
  readonly uncertainMs: number;
}

const GIGABYTE = 1_073_741_824;
const disk = findingsOf('disk');
const memory = findingsOf('memory');
const clock = findingsOf('clock');

/** Postgres and Redis stop when their disk is full. */
export function judgeDisk({ path, freeBytes, totalBytes }: DiskFacts): Finding {
  const says = `${gigabytes(freeBytes)} of ${gigabytes(totalBytes)} free at ${path}`;
  if (freeBytes < GIGABYTE / 4) return disk.failure(says, 'Make room at once: Postgres and Redis stop when their disk is full.');
  if (freeBytes < 2 * GIGABYTE || freeBytes < totalBytes * 0.05) return disk.warning(says, 'Make room: Postgres and Redis stop when their disk is full.');
  return disk.ok(says);
}

/** The kernel ends what goes beyond a limit. */
export function judgeMemory({ availableBytes, totalBytes, limit }: MemoryFacts): Finding[] {
  const says = `${gigabytes(availableBytes)} of ${gigabytes(totalBytes)} available`;
  const findings = [availableBytes < totalBytes * 0.05 || availableBytes < GIGABYTE / 4 ? memory.warning(says, 'The kernel may soon end processes: give the machine more memory, or run fewer replicas on it.') : memory.ok(says)];
  if (limit !== undefined && limit.usedBytes > limit.bytes * 0.9) {
    findings.push(memory.warning(`this control group uses ${gigabytes(limit.usedBytes)} of its ${gigabytes(limit.bytes)}`, 'Raise its limit: the kernel ends what goes beyond it.'));
  }
  return findings;
}

/** Leases, tickets and signatures go by the clock. */
export function judgeClock({ of, aheadMs, uncertainMs }: ClockFacts): Finding {
  const apart = Math.max(0, Math.abs(aheadMs) - uncertainMs);
  const says = `the clock of ${of} is ${apart < 1_000 ? 'the same within a second' : `${(apart / 1_000).toFixed(1)} s ${aheadMs > 0 ? 'ahead' : 'behind'}`}`;
  const advice = 'Set both by NTP: deadlines, tickets and signatures go by the clock.';
  if (apart >= 30_000) return clock.failure(says, advice);
  return apart >= 2_000 ? clock.warning(says, advice) : clock.ok(says);
}

const gigabytes = (bytes: number): string => `${(bytes / GIGABYTE).toFixed(bytes < 10 * GIGABYTE ? 1 : 0)} GB`;
