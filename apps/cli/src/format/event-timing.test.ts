import { create } from '@bufbuild/protobuf';
import { StoredRunEventSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { timeBar, timingOf } from './event-timing.js';

it('draws waiting and work where they stand in the run', () => {
  expect(timeBar({ waitedMs: 250, workedMs: 500 }, 1_000, 1_000)).toBe(`${'·'.repeat(6)}${'░'.repeat(6)}${'█'.repeat(12)}`);
  expect(timeBar({ waitedMs: 500 }, 500, 1_000)).toBe('░'.repeat(12));
  expect(timeBar({ workedMs: 1 }, 1_000, 1_000)).toBe(`${'·'.repeat(23)}█`); // what is short is seen too
  expect(timeBar({ waitedMs: 5_000, workedMs: 1 }, 1, 1_000)).toBe('█'); // it began before the run did
});

it('draws nothing of what is not known', () => {
  expect([timeBar({}, 10, 100), timeBar({ waitedMs: 1 }, 10, 0)]).toEqual(['', '']);
  const old = create(StoredRunEventSchema, { event: { case: 'modelAnswered', value: {} } });
  expect(timingOf(old.event, { createdAt: 5n }, { createdAt: 1n })).toEqual({ waitedMs: undefined, workedMs: undefined });
});
