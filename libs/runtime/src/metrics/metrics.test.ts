import { expect, it } from 'vitest';
import { Metrics } from './metrics.js';

const linesOf = async (metrics: Metrics): Promise<string[]> => (await metrics.text()).split('\n');

it('shows each measure with its help, its kind and its series', async () => {
  const metrics = new Metrics();
  metrics.counter('a_total', 'As.\nOf all kinds.', ['kind']).inc({ kind: 'b "c" \\ \n' });
  metrics.counter('a_total', 'As.\nOf all kinds.', ['kind']).inc({ kind: 'other' }, 0);
  metrics.gauge('b_bytes', 'Bs.', []).set(Number.POSITIVE_INFINITY);
  expect(await metrics.text()).toBe([
    '# HELP a_total As.\\nOf all kinds.', '# TYPE a_total counter', 'a_total{kind="b \\"c\\" \\\\ \\n"} 1', 'a_total{kind="other"} 0',
    '# HELP b_bytes Bs.', '# TYPE b_bytes gauge', 'b_bytes +Inf', '',
  ].join('\n'));
});

it('keeps series apart by their labels, in whatever order these are written, and forgets what is removed', async () => {
  const metrics = new Metrics();
  const depth = metrics.gauge('depth', 'Depth.', ['channel', 'group']);
  depth.set({ channel: 'a', group: 'b' }, 3);
  depth.inc({ group: 'b', channel: 'a' });
  depth.dec({ channel: 'ab', group: '' }, 2);
  expect(await linesOf(metrics)).toEqual(expect.arrayContaining(['depth{channel="a",group="b"} 4', 'depth{channel="ab",group=""} -2']));
  depth.remove({ channel: 'a', group: 'b' });
  expect((await linesOf(metrics)).filter((line) => line.startsWith('depth{'))).toEqual(['depth{channel="ab",group=""} -2']);
});

it('puts values into the first bucket that holds them', async () => {
  const metrics = new Metrics();
  const plain = metrics.histogram('plain_seconds', 'Plain.', [], [0.1, 1]);
  const labelled = metrics.histogram('labelled_seconds', 'Labelled.', ['x'], [0.1, 1]);
  for (const value of [0.1, 0.5, 1, 7, Number.NaN]) plain.observe(value);
  labelled.observe({ x: 'y' }, 0.05);
  const lines = await linesOf(metrics);
  expect(lines.filter((line) => line.startsWith('plain'))).toEqual([
    'plain_seconds_bucket{le="0.1"} 1', 'plain_seconds_bucket{le="1"} 3', 'plain_seconds_bucket{le="+Inf"} 4', 'plain_seconds_sum 8.6', 'plain_seconds_count 4',
  ]);
  expect(lines).toContain('labelled_seconds_bucket{x="y",le="0.1"} 1');
});

it('refuses a counter that goes down, and reads what is read when it is shown', async () => {
  const metrics = new Metrics();
  expect(() => metrics.counter('up_total', 'Up.', []).inc(-1)).toThrow(RangeError);
  let now = 1;
  metrics.gauge('now', 'Now.', [], (gauge) => gauge.set(now));
  now = 2;
  expect(await linesOf(metrics)).toContain('now 2');
});
