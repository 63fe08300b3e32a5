import { AppError } from '@nexus/core';
import { beforeEach, expect, it, vi } from 'vitest';
import { Admission } from './admission.js';

let ages: (number | AppError)[];
let asked: number;
const admission = () => new Admission({ queueAge: async () => {
  const age = ages[asked++] ?? 0;
  if (age instanceof AppError) throw age;
  return age;
} }, 1_000);

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
});

it('refuses while the oldest model call waits longer than the limit, and says when to come again', async () => {
  ages = [1_000, 4_000, 90_000, 999];
  const one = admission();
  expect(await one.refusal()).toBeUndefined();
  vi.advanceTimersByTime(250);
  expect(await one.refusal()).toMatchObject({ code: 'overloaded', status: 429, isRetryable: true, retryAfterMs: 4_000 });
  vi.advanceTimersByTime(250);
  expect(await one.refusal()).toMatchObject({ retryAfterMs: 60_000 });
  vi.advanceTimersByTime(250);
  expect(await one.refusal()).toBeUndefined();
});

it('asks at most every 250 ms, and holds on to the last answer while there is none', async () => {
  ages = [4_000, new AppError('bus_unavailable', 'away', { isRetryable: true }), 0];
  const one = admission();
  for (let i = 0; i < 5; i++) expect(await one.refusal()).toBeDefined();
  expect(asked).toBe(1);
  vi.advanceTimersByTime(250);
  expect(await one.refusal()).toBeDefined();
  vi.advanceTimersByTime(250);
  expect(await one.refusal()).toBeUndefined();
});
