import { expect, it } from 'vitest';
import { waitFor } from './wait-for.js';

it('gives the first true answer, after errors and false ones', async () => {
  const answers = [(): undefined => undefined, (): never => { throw new Error('not yet'); }, (): number => 0, (): number => 7];
  expect(await waitFor(() => answers.shift()?.(), { intervalMs: 1 })).toBe(7);
  expect(answers).toEqual([]);
});

it('says what it waited for and what it saw last', async () => {
  await expect(waitFor(() => 0, { timeoutMs: 20, what: 'a miracle' })).rejects.toMatchObject({ code: 'wait_timeout', message: 'No sign of a miracle within 20 ms. The last look gave: 0' });
  await expect(waitFor(() => Promise.reject(new Error('closed')), { timeoutMs: 5 })).rejects.toThrow('The last look gave: closed');
});
