/** Owns private servers until it is killed. Arguments: folder ('' for temporary ones). Prints where they are, as one line of JSON. */
import { join } from 'node:path';
import { startPostgres, startRedis } from '../src/index.ts';

process.on('SIGINT', () => process.stdout.write('interrupted\n'));
const folder = process.argv[2] ?? '';
const [postgres, redis] = await Promise.all([
  startPostgres(folder === '' ? { persistent: false } : { persistent: true, dataDir: join(folder, 'postgres') }),
  startRedis(folder === '' ? { appendonly: false } : { appendonly: true, dataDir: join(folder, 'redis') }),
]);
const told = { postgres: postgres.pid, redis: redis.pid, folders: [postgres.filesDir, redis.filesDir], url: postgres.url() };
process.stdout.write(`${JSON.stringify(told)}\n`);
process.stdin.resume();
