import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { channelArgument } from './channel-argument.js';
import { numberBetween } from './option-values.js';

interface TailOptions {
  readonly last: number;
  readonly replyTo?: string;
  readonly follow: boolean;
  readonly json?: boolean;
}

/** `nexus channels tail`: what passes through a channel. */
export function addChannelsTail(parent: Command, context: CliContext): void {
  parent.command('tail')
    .description('Show what passes through a channel, from now on, until Ctrl-C. Reads without taking anything away from anyone.')
    .addArgument(channelArgument())
    .option('--last <n>', 'begin with the newest n entries', numberBetween(1, 1_000), 0)
    .option('--reply-to <name>', 'the answers for one reader: the key <channel>:<name>')
    .option('--no-follow', 'show the newest (--last) and end')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', '\nExamples:\n  nexus channels tail requests.incoming\n  nexus channels tail requests.incoming --last 20 --no-follow\n  nexus channels tail requests.processed --reply-to 0192d8a0-... --json')
    .action(async (channel: string, options: TailOptions) => {
      const [{ tailChannel }, { redisOfChannels }] = await Promise.all([import('../tail-channel.js'), import('../redis-of-channels.js')]);
      const url = redisOfChannels(context.config, context.folder);
      await tailChannel({ url, prefix: context.config.redisPrefix, terminal: context.terminal }, { ...options, channel, isJson: options.json === true });
    });
}
