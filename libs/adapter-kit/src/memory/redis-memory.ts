import { redisCommands, type RedisCommands } from '@nexus/channels';
import type { AdapterMemory } from './adapter-memory.js';

export interface RedisMemoryOptions {
  readonly redisUrl: string;
  /** The surface's name, `telegram`: with the bot it keeps adapters apart. */
  readonly surface: string;
  /** The bot's own id; default ''. */
  readonly bot?: string;
  /** Put before every key; empty by default. */
  readonly prefix?: string;
}

/**
 * A memory in Redis: what has no end in the hash `nexus-adapter:<surface>:<bot>`, the rest in keys below that name, which expire. It is as
 * durable as Redis is: with its append-only file that is all but the last second.
 */
export function redisMemory({ redisUrl, surface, bot = '', prefix = '' }: RedisMemoryOptions): AdapterMemory {
  return new RedisMemory(redisCommands(redisUrl, 'nexus-adapter'), `${prefix}nexus-adapter:${surface}:${bot}`);
}

class RedisMemory implements AdapterMemory {
  readonly isDurable = true;

  constructor(
    private readonly redis: RedisCommands,
    private readonly name: string,
  ) {}

  async get(key: string): Promise<string | undefined> {
    const [lasting, passing] = await this.redis.call(['HGET', this.name, key], ['GET', this.keyOf(key)]);
    return asText(lasting) ?? asText(passing);
  }

  async set(key: string, value: string, expiresInMs?: number): Promise<void> {
    if (expiresInMs === undefined) await this.redis.call(['HSET', this.name, key, value]);
    else await this.redis.call(['SET', this.keyOf(key), value, 'PX', Math.max(1, Math.ceil(expiresInMs))], ['HDEL', this.name, key]);
  }

  async delete(key: string): Promise<void> {
    await this.redis.call(['HDEL', this.name, key], ['DEL', this.keyOf(key)]);
  }

  async list(prefix: string): Promise<readonly (readonly [string, string])[]> {
    const [reply] = await this.redis.call(['HGETALL', this.name]);
    const fields = (Array.isArray(reply) ? reply : []).map(String);
    return fields.flatMap((key, place) => (place % 2 === 0 && key.startsWith(prefix) ? [[key, fields[place + 1] ?? ''] as const] : []));
  }

  async close(): Promise<void> {
    this.redis.close();
  }

  private keyOf(key: string): string {
    return `${this.name}:${key}`;
  }
}

function asText(reply: unknown): string | undefined {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : undefined;
}
