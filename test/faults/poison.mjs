// `npm run faults:poison`: what one message that cannot be handled costs its 9,999 neighbours, over a private Redis. Each kind of consumer
// handles the same stream of messages without and with the poison. Exit code 1 when the neighbours' p99 is twice the usual one or
// more in each of three rounds, or when the poison does not end as one dead letter. It measures times: leave the machine alone meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { ensureBuilt, ensureInstalled } from '../../scripts/bootstrap.mjs';
import { main } from '../../scripts/process.mjs';
import { ensureRedisServer } from '../../scripts/redis-server.mjs';

const MESSAGES = 10_000;
const A_SECOND = 1_000;
/** What a commit takes, about as much as one of the orchestrator's. */
const COMMIT_MS = 4;
const POISON = 'm5000';
const NOBODY = 'nobody';
const ROUNDS = 3;

const kinds = {
  'batches': (bus, options, handle) => bus.consumeBatches(options, handle),
  'ordered batches': (bus, options, handle) => bus.consumeBatches({ ...options, ordered: true }, handle),
  'one by one': (bus, options, handle) => bus.consumeEach(options, (message) => handle([message])),
};

/** How long the others took, from their publishing on, in ms, and what became a dead letter. */
async function play({ redisBus, outgoing, create, UsageRecordedSchema }, url, consume, poison) {
  const bus = redisBus(url, { prefix: `${Math.random()}:` });
  const publishedAt = new Map();
  const took = [];
  const letters = [];
  const options = { channel: 'usage.recorded', group: 'usage', consumer: 'one', onDeadLetter: async ({ messageId }) => { letters.push(messageId); return []; } };
  const consumer = consume(bus, options, async (batch) => {
    await delay(COMMIT_MS);
    if (batch.some(({ id }) => id === poison)) throw new Error('poison');
    const now = performance.now();
    for (const { id } of batch) took.push(now - publishedAt.get(id));
    return [];
  });
  await consumer.ready;
  const began = performance.now();
  while (publishedAt.size < MESSAGES) {
    const due = Math.min(MESSAGES, Math.ceil(((performance.now() - began) / 1_000) * A_SECOND));
    const ids = Array.from({ length: due - publishedAt.size }, (_, i) => `m${publishedAt.size + i}`);
    for (const id of ids) publishedAt.set(id, performance.now());
    await bus.publishAll(ids.map((id) => outgoing({ channel: 'usage.recorded', id, tenantId: 't', payload: create(UsageRecordedSchema, { attemptId: id }) })));
    await delay(2);
  }
  for (const deadline = performance.now() + 30_000; took.length + letters.length < MESSAGES; await delay(20)) {
    if (performance.now() > deadline) throw new Error(`only ${took.length} of ${MESSAGES} messages were handled`);
  }
  await bus.close();
  return { p99: took.toSorted((a, b) => a - b)[Math.ceil(0.99 * took.length) - 1], letters };
}

await main(async () => {
  await ensureInstalled();
  await ensureRedisServer();
  await ensureBuilt();
  const [{ redisBus, outgoing }, { UsageRecordedSchema }, { startRedis }, { create }] = await Promise.all(['@nexus/channels', '@nexus/contracts', '@nexus/embedded', '@bufbuild/protobuf'].map((name) => import(name)));
  const nexus = { redisBus, outgoing, create, UsageRecordedSchema };
  const redis = await startRedis({ appendonly: false });
  let isGood = true;
  try {
    for (const [kind, consume] of Object.entries(kinds)) {
      let isQuick = false;
      for (let round = 1; round <= ROUNDS && !isQuick; round++) {
        const usual = await play(nexus, redis.url, consume, NOBODY);
        const poisoned = await play(nexus, redis.url, consume, POISON);
        isQuick = poisoned.p99 < 2 * usual.p99;
        isGood &&= usual.letters.length === 0 && poisoned.letters.join() === POISON;
        console.log(`${isQuick ? 'good' : 'slow'}  ${kind}: p99 of the neighbours ${poisoned.p99.toFixed(1)} ms, usually ${usual.p99.toFixed(1)} ms; dead letters: ${poisoned.letters.join(', ') || 'none'}`);
      }
      isGood &&= isQuick;
    }
  } finally {
    await redis.stop();
  }
  return isGood ? 0 : 1;
});
