import { expect, it } from 'vitest';
import { Metrics } from './metrics.js';
import { measureProcess } from './process-metrics.js';

async function valueOf(metrics: Metrics, name: string): Promise<number> {
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(await metrics.text())?.[1]);
}

/** Keeps the event loop from turning. */
function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

it('tells the CPU that was used and how late the event loop was, however often it is set up', async () => {
  const metrics = new Metrics();
  measureProcess(metrics);
  measureProcess(metrics);
  block(150);
  await expect.poll(() => valueOf(metrics, 'process_cpu_seconds_total')).toBeGreaterThan(0.05);
  expect(await valueOf(metrics, 'nodejs_heap_size_used_bytes')).toBeLessThan(await valueOf(metrics, 'nodejs_heap_size_limit_bytes'));
  expect(await valueOf(metrics, 'process_start_time_seconds')).toBeLessThan(Date.now() / 1_000);
  expect((await metrics.text()).match(/^process_cpu_seconds_total /gm)).toHaveLength(1);
});

it('shows an event loop that was held up', async () => {
  const metrics = new Metrics();
  measureProcess(metrics, 30);
  let turn = 0;
  const late = async (): Promise<number> => {
    if (turn++ % 2 === 1) return valueOf(metrics, 'nodejs_eventloop_delay_max_seconds');
    block(150); // it is seen once the loop has turned again
    return 0;
  };
  await expect.poll(late).toBeGreaterThan(0.1);
});
