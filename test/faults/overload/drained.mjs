// When everything that was let in is worked off.
import { setTimeout as delay } from 'node:timers/promises';

const channels = ['requests.incoming', 'inference.request', 'inference.response', 'usage.recorded'];

/** Entries of the work channels that no consumer has finished. */
async function waiting(redis) {
  let count = 0;
  for (const channel of channels) {
    const groups = await redis.call('XINFO', 'GROUPS', channel).catch(() => []);
    for (const group of groups) {
      const fields = Object.fromEntries(Array.from({ length: group.length / 2 }, (_, i) => [group[2 * i], group[2 * i + 1]]));
      count += Number(fields.pending) + Number(fields.lag ?? 1);
    }
  }
  return count;
}

/** Seconds until no client waits, no queue holds anything and no attempt is open; undefined when that takes longer than `withinSeconds`. */
export async function drainedAfter({ load, redis, database, withinSeconds }) {
  const began = performance.now();
  for (let seconds = 0; seconds < withinSeconds; await delay(100)) {
    seconds = (performance.now() - began) / 1_000;
    if (load.inFlight > 0 || (await waiting(redis)) > 0) continue;
    const { rowCount } = await database.query("SELECT 1 FROM usage.attempt WHERE state = 'open' LIMIT 1");
    if (rowCount === 0) return seconds;
  }
  return undefined;
}
