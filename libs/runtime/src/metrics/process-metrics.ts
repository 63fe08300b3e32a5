import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Metrics } from './metrics.js';

const RESOLUTION_MS = 20;
/** The event loop is told of over windows of at least this length, whoever asks how often. */
const WINDOW_MS = 10_000;
const NANOSECONDS = 1e9;

/** How late the event loop was, seconds. */
interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const measured = new WeakSet<Metrics>();

/** Measures the process itself: CPU, memory and how late its event loop is. Once, however often it is asked to. */
export function measureProcess(metrics: Metrics, windowMs = WINDOW_MS): void {
  if (measured.has(metrics)) return;
  measured.add(metrics);
  const loop = loopDelays(windowMs);
  let seen = 0;
  metrics.counter('process_cpu_seconds_total', 'CPU time of the process, user and system, seconds.', [], (counter) => {
    const { user, system } = process.cpuUsage();
    const total = (user + system) / 1e6;
    counter.inc(total - seen);
    seen = total;
  });
  metrics.gauge('process_start_time_seconds', 'When the process began, Unix seconds.', [], (gauge) => gauge.set(performance.timeOrigin / 1_000));
  metrics.gauge('process_resident_memory_bytes', 'Memory of the process that is in RAM.', [], (gauge) => gauge.set(process.memoryUsage.rss()));
  metrics.gauge('nodejs_heap_size_used_bytes', 'Heap of V8 that is in use.', [], (gauge) => gauge.set(getHeapStatistics().used_heap_size));
  metrics.gauge('nodejs_heap_size_limit_bytes', 'Heap at which V8 gives up.', [], (gauge) => gauge.set(getHeapStatistics().heap_size_limit));
  metrics.gauge('nodejs_eventloop_delay_p50_seconds', 'How late the event loop was half of the time, over the last 10 seconds or since the scrape before.', [], (gauge) => gauge.set(loop().p50));
  metrics.gauge('nodejs_eventloop_delay_p99_seconds', 'How late the event loop was in 1 of 100 cases, over the last 10 seconds or since the scrape before.', [], (gauge) => gauge.set(loop().p99));
  metrics.gauge('nodejs_eventloop_delay_max_seconds', 'How late the event loop was at worst, over the last 10 seconds or since the scrape before.', [], (gauge) => gauge.set(loop().max));
}

/** Gives the delays of the window that ended last; a window ends when it is asked for and old enough, so that two scrapers see alike. */
function loopDelays(windowMs: number): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let since = performance.now();
  let last: LoopDelay | undefined;
  return () => {
    const now = performance.now();
    if (last !== undefined && now - since < windowMs) return last;
    last = { p50: lateness(histogram.percentile(50)), p99: lateness(histogram.percentile(99)), max: lateness(histogram.max) };
    since = now;
    histogram.reset();
    return last;
  };
}

/** The histogram holds the times between two turns, which are never shorter than its resolution. */
function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1_000);
}
