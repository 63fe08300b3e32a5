import { channelNames, channels, type ChannelName } from '@nexus/contracts';
import { ChannelKeys } from './keys.js';
import { RedisStreams } from './redis/redis-streams.js';

/**
 * Makes the consumer groups with which a service reads its channels, at the beginning of their streams, where they are missing: what is
 * published before its first replica starts is then its own, and counts as lag. Answers the channels. Rejects as publishing does.
 */
export async function createGroups(redisUrl: string, service: string, prefix = ''): Promise<readonly ChannelName[]> {
  const own = channelNames.filter((name) => channels[name].group === service);
  const keys = new ChannelKeys(prefix, 1);
  const redis = new RedisStreams(redisUrl);
  try {
    for (const name of own) for (const key of keys.all(name)) await redis.createGroup(key, service);
  } finally {
    await redis.close();
  }
  return own;
}
