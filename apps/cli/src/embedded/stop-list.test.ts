import { expect, it } from 'vitest';
import { StopList } from './stop-list.js';
import { together } from './together.js';

it('ends in the reverse order, everything once, also when a step fails', async () => {
  const ended: string[] = [];
  const stops = new StopList();
  stops.add(async () => ended.push('first'));
  stops.add(() => Promise.reject(new Error('cannot')));
  stops.add(async (graceMs) => ended.push(`last within ${graceMs}`));
  expect(await stops.end(1_500)).toEqual([new Error('cannot')]);
  await stops.end(1_500);
  expect(ended).toEqual(['last within 1500', 'first']);
});

it('ends at once what is started too late', async () => {
  const stops = new StopList();
  let graceGiven: number | undefined;
  await stops.end(1_500);
  stops.add(async (graceMs) => (graceGiven = graceMs));
  await stops.end(1_500);
  expect(graceGiven).toBe(0);
});

it('in a hurry ends everything that is left without waiting for what hangs', async () => {
  const stops = new StopList();
  const ended: string[] = [];
  const hanging = Promise.withResolvers<void>();
  stops.add(async () => ended.push('server'));
  stops.add(() => hanging.promise);
  const ending = stops.end(1_500);
  await stops.endNow();
  expect(ended).toEqual(['server']);
  hanging.resolve();
  await ending;
});

it('waits for all before it tells the first failure', async () => {
  const slow = Promise.withResolvers<string>();
  let hasFailed = false;
  const both = together(Promise.reject(new Error('quick')), slow.promise).catch((error: Error) => {
    hasFailed = true;
    return error.message;
  });
  await Promise.resolve();
  expect(hasFailed).toBe(false);
  slow.resolve('done');
  expect(await both).toBe('quick');
  expect(await together(Promise.resolve(1), Promise.resolve('a'))).toEqual([1, 'a']);
});
