import { parseRedisUrl } from './redis-address.js';
import { toBusError } from './replies.js';
import { RespConnection } from './resp-connection.js';
import type { RespValue } from './resp-decoder.js';
import { RespEncoder } from './resp-encoder.js';

/** One connection for plain commands, beside the channels. */
export interface RedisCommands {
  /** Sends the commands in one round trip; resolves with their replies, bulk strings as Buffers. Rejects with a retryable AppError (`bus_unavailable`, `bus_full`) when one was refused, or nobody knows. */
  call(...commands: readonly (readonly (string | number)[])[]): Promise<readonly RespValue[]>;
  close(): void;
}

/** Plain commands for the Redis at this URL; connects when the first is sent. `name` is what `CLIENT LIST` shows. */
export function redisCommands(url: string, name: string): RedisCommands {
  const connection = new RespConnection(parseRedisUrl(url), { name });
  const encoder = new RespEncoder(4_096);
  return {
    call: async (...commands) => {
      for (const command of commands) encoder.command(...command);
      const replies = await connection.send(encoder.take(), commands.length);
      const refused = replies.find((reply) => reply instanceof Error);
      if (refused !== undefined) throw toBusError(refused);
      return replies;
    },
    close: () => connection.close(),
  };
}
