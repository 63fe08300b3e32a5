/** Messages over the bus and completions over HTTP, without a pause, with an account of what came back. */
import { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';

const GROUP = 'compat-live';
const SLOW = 'demo;delay=200;chunks=20;chunkdelay=50';
const questions = ['What is 17.5% of 1,280?', 'What time is it in Tokyo?', 'Hello there', 'What is 12 * 12, and what time is it in Oslo?'];

/** Publishes a message of one of `threads` conversations every `everyMs`, and asks the gateway as often, until `end`. */
export async function startTraffic({ redisUrl, gatewayPort, key, threads = 8, everyMs = 150 }) {
  const redis = new Redis(redisUrl);
  const reader = new Redis(redisUrl);
  await redis.xgroup('CREATE', 'requests.processed', GROUP, '$', 'MKSTREAM');
  const sent = new Map();
  const answers = [];
  const completions = [];
  let isSending = true;
  let isReading = true;

  const sending = (async () => {
    for (let n = 0; isSending; n++) {
      const id = `live-${n}`;
      sent.set(id, { thread: n % threads, n });
      const payload = { text: questions[n % questions.length], surface: 'terminal', chatId: `chat-${n % threads}`, model: SLOW };
      const metadata = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
      await redis.xadd('requests.incoming', '*', 'id', id, 'type', 'nexus.run.v1.IncomingRequest', 'payload', JSON.stringify(payload), 'metadata', JSON.stringify(metadata), 'correlation_id', id);
      completions.push(complete(gatewayPort, key, n));
      await delay(everyMs);
    }
  })();

  const reading = (async () => {
    while (isReading) {
      const streams = await reader.xreadgroupBuffer('GROUP', GROUP, 'one', 'COUNT', 100, 'BLOCK', 500, 'STREAMS', 'requests.processed', '>');
      for (const [id, fields] of streams?.[0]?.[1] ?? []) {
        const entry = Object.fromEntries(fields.flatMap((field, i) => (i % 2 === 0 ? [[field.toString(), fields[i + 1]]] : [])));
        answers.push({ correlationId: entry.correlation_id.toString(), payload: entry.payload });
        await redis.xack('requests.processed', GROUP, id);
      }
    }
  })();

  return {
    sentSoFar: () => sent.size,
    /** Stops sending, waits until everything is answered (at most `withinMs`) and tells what came. */
    async end(withinMs = 120_000) {
      isSending = false;
      await sending;
      const known = () => new Set(answers.map(({ correlationId }) => correlationId)).size;
      for (const deadline = Date.now() + withinMs; known() < sent.size && Date.now() < deadline; ) await delay(200);
      await delay(2_000); // what came twice comes now
      isReading = false;
      await reading;
      redis.disconnect();
      reader.disconnect();
      return { sent, answers, completions: await Promise.all(completions) };
    },
  };
}

/** A completion as a client makes it: an error is asked again under the same key, as OpenAI's SDKs do, twice. */
async function complete(port, key, n) {
  let last = '';
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': `live-completion-${n}` },
        body: JSON.stringify({ model: SLOW, messages: [{ role: 'user', content: questions[n % questions.length] }] }),
        signal: AbortSignal.timeout(60_000),
      });
      const body = await response.json();
      if (response.ok) return 'answered';
      last = `${response.status} ${body.error?.code}`;
    } catch (error) {
      last = error.cause?.code ?? error.message;
    }
    await delay(500 * 2 ** attempt);
  }
  return last;
}
