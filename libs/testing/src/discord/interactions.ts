import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { alreadyAcknowledged, invalidForm, unknownInteraction } from './discord-failure.js';
import { FLAGS, type DiscordMessage, type DiscordUser } from './discord-objects.js';
import type { DiscordWorld } from './discord-world.js';
import { MAX_CONTENT } from './message-input.js';

/** Milliseconds that an application has for its first answer. */
const FIRST_ANSWER_MS = 3_000;
/** Milliseconds for which its token is good afterwards. */
const TOKEN_MS = 900_000;

const response = z.looseObject({ type: z.number(), data: z.looseObject({ content: z.string().max(MAX_CONTENT).optional(), flags: z.number().optional() }).optional() });

/** A command that someone gave. */
export interface Interaction {
  readonly id: string;
  readonly token: string;
  readonly channelId: string;
  readonly createdAt: number;
  isAcknowledged: boolean;
  /** The message that answers it. */
  originalId: string | undefined;
}

/** The registered commands, and those that were given. */
export class Interactions {
  commands: readonly Record<string, unknown>[] = [];
  private readonly byToken = new Map<string, Interaction>();

  constructor(private readonly world: DiscordWorld) {}

  /** What Discord tells the application of a command. Throws when no such command is registered. */
  give(channelId: string, user: DiscordUser, name: string, argument: string): { readonly interaction: Interaction; readonly body: Record<string, unknown> } {
    const command = this.commands.find((known) => known.name === name);
    if (command === undefined) throw new Error(`No command /${name} is registered.`);
    const [option] = (command.options ?? []) as readonly { name: string }[];
    if (argument !== '' && option === undefined) throw new Error(`/${name} takes no argument.`);
    const channel = this.world.channels.get(channelId);
    if (channel === undefined) throw new Error(`There is no channel ${channelId}.`);
    const interaction: Interaction = { id: this.world.ids.next(), token: randomBytes(24).toString('base64url'), channelId, createdAt: Date.now(), isAcknowledged: false, originalId: undefined };
    this.byToken.set(interaction.token, interaction);
    const body = {
      id: interaction.id, token: interaction.token, application_id: this.world.applicationId, type: 2, version: 1, channel_id: channelId,
      channel: this.world.channel(channel), locale: 'de', entitlements: [],
      data: { id: command.id, name, type: 1, options: argument === '' ? [] : [{ name: option?.name, type: 3, value: argument }] },
      ...(channel.guildId === undefined ? { user } : { guild_id: channel.guildId, guild_locale: 'en-US', member: { user, nick: null, roles: [] } }),
    };
    return { interaction, body };
  }

  /** The first answer: by the callback route or as the answer to Discord's own request. Throws what Discord answers. */
  respond(id: string, token: string, answer: unknown): void {
    const interaction = this.byToken.get(token);
    if (interaction?.id !== id || Date.now() - interaction.createdAt > FIRST_ANSWER_MS) throw unknownInteraction();
    if (interaction.isAcknowledged) throw alreadyAcknowledged();
    const read = response.safeParse(answer);
    if (!read.success || ![4, 5, 6].includes(read.data.type)) throw invalidForm('type', 'BASE_TYPE_CHOICES', 'Value must be one of (4, 5, 6).');
    interaction.isAcknowledged = true;
    if (read.data.type === 6) return;
    const { content = '', flags = 0 } = read.data.data ?? {};
    interaction.originalId = this.write(interaction, content, { isEphemeral: (flags & FLAGS.ephemeral) !== 0, isLoading: read.data.type === 5 }).id;
  }

  /** The interaction that a token stands for, while it is good. */
  withToken(token: string): Interaction | undefined {
    const interaction = this.byToken.get(token);
    return interaction?.isAcknowledged && Date.now() - interaction.createdAt < TOKEN_MS ? interaction : undefined;
  }

  private write({ id, channelId }: Interaction, content: string, how: { readonly isEphemeral: boolean; readonly isLoading: boolean }): DiscordMessage {
    return this.world.write({ channelId, author: this.world.bot, content, interactionId: id, ...how });
  }
}
