// Resident memory of processes over time.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { quantile } from './load.mjs';

const run = promisify(execFile);
const EVERY_MS = 1_000;

/** Watches the processes (`{ name: pid }`) until it is stopped; gives the samples of each, in MB. */
export function watchMemory(pids) {
  const samples = Object.fromEntries(Object.keys(pids).map((name) => [name, []]));
  const look = async () => {
    const { stdout } = await run('ps', ['-o', 'pid=,rss=', '-p', Object.values(pids).join(',')]).catch(() => ({ stdout: '' }));
    const kilobytes = new Map(stdout.trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number)));
    for (const [name, pid] of Object.entries(pids)) if (kilobytes.has(pid)) samples[name].push(kilobytes.get(pid) / 1_024);
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  return { stop: () => (clearInterval(timer), samples) };
}

/** The median of the first and of the last third. */
export function growth(samples) {
  const third = Math.floor(samples.length / 3);
  return { first: quantile(samples.slice(0, third), 0.5), last: quantile(samples.slice(-third), 0.5) };
}
