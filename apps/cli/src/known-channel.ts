import { channelNames, type ChannelName } from '@nexus/contracts';
import { AppError } from '@nexus/core';

/** The channel of this name. Throws AppError `channel_not_found` that names those there are. */
export function knownChannel(name: string): ChannelName {
  const found = channelNames.find((channel) => channel === name);
  if (found === undefined) throw new AppError('channel_not_found', `There is no channel "${name}". There are: ${channelNames.join(', ')}.`, { status: 404, param: 'channel' });
  return found;
}
