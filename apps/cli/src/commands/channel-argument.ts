import { Argument, InvalidArgumentError } from 'commander';

/** Channels by name; checked by the command itself against the catalogue, which is not loaded for --help. */
export function channelArgument(): Argument {
  return new Argument('<channel>', 'requests.incoming, requests.processed, inference.request ... (docs/channels.md)').argParser((text) => {
    if (!/^[a-z]+\.[a-z]+$/.test(text)) throw new InvalidArgumentError('A channel is named like requests.incoming.');
    return text;
  });
}
