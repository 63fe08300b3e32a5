// Publish -> consume -> acknowledge through libs/channels, in the form that a bus benchmark asks for: settings in REDIS_URL, BENCH_MODE
// (throughput | single | pingpong), BENCH_N, BENCH_SIZE, BENCH_RUN; the result as one JSON line.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const { REDIS_URL = 'redis://127.0.0.1:6379', BENCH_MODE: mode = 'throughput', BENCH_N = '100000', BENCH_SIZE = '512', BENCH_RUN = 'run' } = process.env;
const settings = { redisUrl: REDIS_URL, prefix: `bench:${BENCH_RUN}:`, n: Number(BENCH_N), size: Number(BENCH_SIZE), mode };

function start(role) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./channels-role.mjs', import.meta.url)), JSON.stringify({ ...settings, role })], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ready = Promise.withResolvers();
  const result = Promise.withResolvers();
  createInterface({ input: child.stdout }).on('line', (line) => (line === 'ready' ? ready.resolve() : result.resolve(JSON.parse(line))));
  child.on('exit', (code) => result.reject(new Error(`${role} ended with ${code}`)));
  return { child, ready: ready.promise, result: result.promise, go: () => child.stdin.write('go\n') };
}

const [a, b] = (mode === 'pingpong' ? ['server', 'client'] : ['consumer', 'producer']).map(start);
await Promise.race([Promise.all([a.ready, b.ready]), a.result, b.result]);
a.go();
b.go();
if (mode === 'pingpong') {
  a.result.catch(() => undefined);
  const { p50, p99 } = await b.result;
  a.child.kill('SIGKILL');
  console.log(JSON.stringify({ p50, p99 }));
} else {
  const [consumer, producer] = await Promise.all([a.result, b.result]);
  console.log(JSON.stringify({ messages: consumer.seen, seconds: (Math.max(consumer.ended, producer.ended) - producer.began) / 1000, cpu_s: consumer.cpu_s + producer.cpu_s }));
}
