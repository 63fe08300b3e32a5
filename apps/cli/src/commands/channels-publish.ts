import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { channelArgument } from './channel-argument.js';

interface PublishOptions {
  readonly json: string;
  readonly id?: string;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly tenant?: string;
}

/** `nexus channels publish`: one message by hand. */
export function addChannelsPublish(parent: Command, context: CliContext): void {
  parent.command('publish')
    .description('Publish one message to a channel, checked against its type first, and print its id. To requests.incoming it goes with your key.')
    .addArgument(channelArgument())
    .requiredOption('--json <payload>', 'the payload as proto3 JSON; - reads it from standard input')
    .option('--id <id>', 'its id: the same one again is the same message (default: a new one)')
    .option('--correlation-id <id>', 'what it and all that follows from it are found by (default: its id)')
    .option('--reply-to <name>', 'where its answer shall go, <channel of the answer>:<name>: the id of your key, or that with a dot and a name behind (default: the channel itself)')
    .option('--tenant <id>', 'tenant in the metadata of channels between services (default: the development tenant)')
    .addHelpText('after', `
Example:
  nexus channels publish requests.incoming --id question-1 --json '{"text":"What is 17.5% of 1,280?","surface":"cli"}'
  nexus channels tail requests.processed --last 1 --no-follow`)
    .action(async (channel: string, options: PublishOptions) => {
      const [{ publishMessage }, { redisOfChannels }] = await Promise.all([import('../publish-message.js'), import('../redis-of-channels.js')]);
      context.terminal.line(await publishMessage(context, redisOfChannels(context.config, context.folder), { ...options, channel }));
    });
}
