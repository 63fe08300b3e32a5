import { expect, it } from 'vitest';
import { Seats } from './seats.js';

const never = new AbortController().signal;

/** Takes a seat and keeps it until it is told to go. */
function occupy(seats: Seats<string>, signal = never): { readonly seat: Promise<string>; readonly over: Promise<void>; go(): void } {
  const seat = Promise.withResolvers<string>();
  const gone = Promise.withResolvers<void>();
  const over = seats.with(signal, async (given) => {
    seat.resolve(given);
    await gone.promise;
  });
  over.catch(seat.reject);
  return { seat: seat.promise, over, go: gone.resolve };
}

it('serves those who wait in their order, with the seat that is free', async () => {
  const seats = new Seats(['a', 'b'], 2);
  const [first, second, third, fourth] = [occupy(seats), occupy(seats), occupy(seats), occupy(seats)];
  const taken = [await first.seat, await second.seat];
  expect(taken.sort()).toEqual(['a', 'b']);
  await expect(seats.with(never, async () => undefined)).rejects.toMatchObject({ code: 'busy', status: 429, isRetryable: true });
  second.go();
  expect(await third.seat).toBe(await second.seat);
  first.go();
  expect(await fourth.seat).toBe(await first.seat);
});

it('forgets those who gave up, and frees the seat of those who failed', async () => {
  const seats = new Seats(['a'], 1);
  const first = occupy(seats);
  const abort = new AbortController();
  const second = occupy(seats, abort.signal);
  second.seat.catch(() => undefined);
  abort.abort(new Error('gave up'));
  await expect(second.over).rejects.toThrow('gave up');
  const third = occupy(seats);
  first.go();
  expect(await third.seat).toBe('a');
  third.go();
  await third.over;
  await expect(seats.with(never, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(await seats.with(never, async (seat) => seat)).toBe('a');
  await expect(seats.with(AbortSignal.abort(new Error('too late')), async () => undefined)).rejects.toThrow('too late');
});
