// One role of the channels benchmark, in its own process: producer, consumer, client or server.
// Settings come as one JSON argument: {role, redisUrl, prefix, n, size, mode}. Prints one JSON line at its end.
import { create } from '@bufbuild/protobuf';
import { outgoing, redisBus } from '@nexus/channels';
import { InferenceRequestSchema, InferenceResponseSchema } from '@nexus/contracts';
import { createInterface } from 'node:readline';

const { role, redisUrl, prefix, n, size, mode } = JSON.parse(process.argv[2]);
const bus = redisBus(redisUrl, { prefix });
const tenantId = '00000000-0000-7000-8000-000000000001';
const body = new Uint8Array(size).fill(120);
const work = { channel: 'inference.request', group: 'provider-router', consumer: 'one', onDeadLetter: async () => [] };
const request = (i) => outgoing({ channel: 'inference.request', id: `m${i}`, tenantId, payload: create(InferenceRequestSchema, { attemptId: `m${i}`, model: 'fake', input: { case: 'openaiBody', value: body } }) });

let cpu;
let began;
/** Start-up is not measured: the parent says when to go. */
async function ready() {
  console.log('ready');
  for await (const _ of createInterface({ input: process.stdin })) break;
  cpu = process.cpuUsage();
  began = Date.now();
}
function finish(extra = {}) {
  const used = process.cpuUsage(cpu);
  console.log(JSON.stringify({ began, ended: Date.now(), cpu_s: (used.user + used.system) / 1e6, ...extra }));
  process.exit(0);
}

if (role === 'consumer') {
  let seen = 0;
  const all = Promise.withResolvers();
  const subscription = bus.consumeBatches(work, async (batch) => {
    seen += batch.length;
    if (seen >= n) all.resolve();
    return [];
  });
  await subscription.ready;
  await ready();
  await all.promise;
  await subscription.stop(); // acknowledges the last batch
  finish({ seen });
}

if (role === 'producer') {
  await ready();
  let sent = 0;
  if (mode === 'throughput') {
    await Promise.all(Array.from({ length: 4 }, async () => {
      while (sent < n) {
        const count = Math.min(100, n - sent);
        const first = (sent += count) - count;
        await bus.publishAll(Array.from({ length: count }, (_, i) => request(first + i)));
      }
    }));
  } else {
    await Promise.all(Array.from({ length: 64 }, async () => {
      while (sent < n) await bus.publish(request(sent++));
    }));
  }
  finish();
}

if (role === 'server') {
  const subscription = bus.consumeEach(work, async (message) => [outgoing({
    channel: 'inference.response', id: `${message.id} answer`, tenantId, to: message.replyTo, payload: create(InferenceResponseSchema, { attemptId: message.id, outcome: { case: 'completion', value: { output: { case: 'openaiBody', value: body } } } }),
  })]);
  await subscription.ready;
  await ready();
}

if (role === 'client') {
  let waiting;
  const replies = bus.followReplies('inference.response', 'bench', (batch) => { for (const _ of batch) waiting?.(); });
  await replies.ready;
  await ready();
  const latencies = [];
  for (let i = 0; i < n; i++) {
    const at = performance.now();
    const answered = new Promise((resolve) => (waiting = resolve));
    await bus.publish({ ...request(i), replyTo: 'bench' });
    await answered;
    latencies.push(performance.now() - at);
  }
  const sorted = latencies.slice(Math.floor(n / 10)).sort((a, b) => a - b);
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
  finish({ p50: at(0.5), p99: at(0.99) });
}
