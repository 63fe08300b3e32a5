import { setTimeout as wait } from 'node:timers/promises';
import type { Place, SurfaceMessage } from '@nexus/adapter-kit';
import { AppError, backoffMs } from '@nexus/core';
import { Absence } from './absence.js';
import { messagesSince } from './catch-up.js';
import type { ChannelDirectory } from './channel-directory.js';
import type { DiscordCalls } from './discord-calls.js';
import { codeOf, fromDiscord } from './discord-failure.js';
import type { GatewayEvent } from './gateway-link.js';
import { InOrder } from './in-order.js';
import { isOfPerson, surfaceMessage, turnsTo } from './incoming-message.js';
import type { InteractionDesk } from './interaction-desk.js';
import type { InteractionAnswer } from './interactions-server.js';
import { textOf, type BotIdentity } from './message-text.js';
import { RecentIds } from './recent-ids.js';
import type { ResumePoints } from './resume-points.js';
import { commandText, isPrivate } from './slash-commands.js';
import type { SurfaceMemory } from './surface-memory.js';
import { discordInteraction, discordMessage, isThread, nameOf, type DiscordChannel, type DiscordInteraction, type DiscordMessage } from './wire.js';

const THREAD_EXISTS = 160_004;
const ALREADY_ACKNOWLEDGED = 40_060;
const EPHEMERAL = 64;
/** Types of channels in whose messages a thread can hang. */
const WITH_THREADS = [0, 5];

export interface HearingOptions {
  readonly botId: string;
  readonly calls: DiscordCalls;
  readonly directory: ChannelDirectory;
  readonly points: ResumePoints;
  readonly desk: InteractionDesk;
  readonly memory: SurfaceMemory;
  readonly opensThreads: boolean;
  readonly catchUpMs: number;
  readonly maxFileBytes: number;
  readonly onMessage: (message: SurfaceMessage) => Promise<void>;
  readonly onProblem: (doing: string, error: AppError) => void;
}

/** What the bot hears: which of all that happens at Discord is said to it, in the order of each channel, and nothing twice. */
export class Hearing {
  private readonly order = new InOrder();
  private readonly heard = new RecentIds(5_000);
  private readonly absence: Absence;
  private readonly stopping = new AbortController();
  /** Rejects at the end, so that nobody waits for NEXUS then. */
  private readonly stopped = Promise.withResolvers<never>();

  constructor(private readonly options: HearingOptions) {
    this.stopped.promise.catch(this.ignore);
    this.absence = new Absence({ ...options, hearSince: (channelId, since) => this.hearSince(channelId, since) });
  }

  /** Takes in one event; resolves when NEXUS has what was said by it, or when it says nothing. */
  async event({ type, body }: GatewayEvent): Promise<void> {
    const { directory } = this.options;
    switch (type) {
      case 'READY': return this.persistently('catch up', () => this.absence.begin(body));
      case 'GUILD_CREATE': {
        const { id, channels } = directory.learnGuild(body);
        return this.absence.guild(id, channels);
      }
      case 'CHANNEL_CREATE':
      case 'CHANNEL_UPDATE':
      case 'THREAD_CREATE':
      case 'THREAD_UPDATE': return directory.learn(body);
      case 'CHANNEL_DELETE':
      case 'THREAD_DELETE': return directory.forget(body);
      case 'MESSAGE_CREATE':
      case 'MESSAGE_UPDATE': return this.message(body, type === 'MESSAGE_UPDATE');
      case 'INTERACTION_CREATE': return this.interaction(body);
      default: return;
    }
  }

  /** Commands that were taken in an earlier life and may have gone no further. */
  resume(messages: readonly SurfaceMessage[]): void {
    for (const message of messages) void this.order.add(channelOf(message.place), () => this.deliverCommand(message)).catch(this.ignore);
  }

  /** Hears no more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.stopped.reject(closed());
    await this.order.settled();
  }

  /** What Discord is told of an interaction, whichever way it came, and what then follows. */
  async answerTo(interaction: DiscordInteraction): Promise<InteractionAnswer & { readonly done?: Promise<void> }> {
    if (interaction.type === 1) return { body: { type: 1 } };
    if (interaction.type === 4) return { body: { type: 8, data: { choices: [] } } };
    if (interaction.type !== 2) return { body: { type: 6 } };
    const taking = this.take(interaction);
    let release = (): void => undefined;
    const told = new Promise<void>((resolve) => (release = resolve));
    // Its turn in the channel is from now on, and begins when Discord has been told.
    const done = this.order.add(interaction.channel_id ?? '', async () => {
      const message = await taking;
      await told;
      if (message !== undefined) await this.deliverCommand(message);
    });
    done.catch(this.ignore);
    const body = (await taking) === undefined ? { type: 4, data: { content: 'I do not know this command.', flags: EPHEMERAL } } : { type: 5, ...(isPrivate(interaction) && { data: { flags: EPHEMERAL } }) };
    return { body, afterwards: release, done };
  }

  /** Hears what was written in a channel while nobody listened, before anything that comes now. */
  private hearSince(channelId: string, since: bigint): Promise<void> {
    const end = this.options.points.beginMessage(since + 1n);
    return this.order.add(channelId, async () => {
      await this.persistently('catch up', async () => {
        for await (const message of messagesSince(this.options.calls, channelId, since)) await this.hear(message, false);
      });
      end();
    });
  }

  private async message(body: unknown, isEdit: boolean): Promise<void> {
    const read = discordMessage.safeParse(body);
    if (!read.success) return;
    const end = this.options.points.beginMessage(BigInt(read.data.id));
    await this.order.add(read.data.channel_id, () => this.hear(read.data, isEdit));
    end();
  }

  private async hear(message: DiscordMessage, isEdit: boolean): Promise<void> {
    if (!isOfPerson(message) || (isEdit && message.edited_timestamp == null)) return;
    await this.persistently('read', async () => {
      const surface = await this.read(message, isEdit);
      if (surface === undefined || this.heard.has(surface.id)) return;
      if (!surface.isGroup) await this.absence.rememberDirect(message.channel_id);
      await this.options.onMessage(surface);
      this.heard.add(surface.id);
    });
  }

  /** The message in NEXUS's terms; undefined when it is not said to the bot. */
  private async read(message: DiscordMessage, isEdit: boolean): Promise<SurfaceMessage | undefined> {
    const { directory, botId, maxFileBytes } = this.options;
    const channel = await directory.channel(message.channel_id);
    const guildId = message.guild_id ?? channel.guild_id ?? undefined;
    const bot: BotIdentity = { userId: botId, roleId: guildId !== undefined && message.mention_roles.length > 0 ? await directory.botRole(guildId) : undefined };
    const isInOwnThread = isThread(channel) && channel.owner_id === botId;
    if (guildId !== undefined && !isInOwnThread && !turnsTo(message, bot)) return undefined;
    const isEmpty = textOf(message, bot) === '' && message.attachments.length === 0;
    // Without the privileged intent Discord shows nothing of what does not mention the bot itself.
    if (isEmpty && !message.mentions.some(({ id }) => id === botId)) return undefined;
    const place = guildId === undefined ? placeOf(channel) : await this.groupPlace(message, channel, isEdit);
    const surface = surfaceMessage({ ...message, guild_id: guildId }, { place, bot, locale: directory.localeOf(guildId), isEdit, maxFileBytes });
    return isEmpty ? { ...surface, text: '/help' } : surface;
  }

  /** Where in a guild the answer goes: if so configured, into a thread on the message. */
  private async groupPlace(message: DiscordMessage, channel: DiscordChannel, isEdit: boolean): Promise<Place> {
    if (!this.options.opensThreads || !WITH_THREADS.includes(channel.type)) return placeOf(channel);
    const inThread = { chatId: channel.id, topicId: message.id };
    try {
      if (isEdit) await this.options.directory.channel(message.id);
      else await this.options.calls.post(`/channels/${channel.id}/messages/${message.id}/threads`, { body: { name: threadName(message), auto_archive_duration: 1_440 } });
      return inThread;
    } catch (error) {
      if (codeOf(error) === THREAD_EXISTS) return inThread;
      if (fromDiscord(error).isRetryable) throw error;
      return placeOf(channel);
    }
  }

  private async interaction(body: unknown): Promise<void> {
    const interaction = discordInteraction.safeParse(body).data;
    if (interaction === undefined) return;
    const { body: answer, afterwards, done } = await this.answerTo(interaction);
    try {
      await this.options.calls.post(`/interactions/${interaction.id}/${interaction.token}/callback`, { body: answer, auth: false });
    } catch (error) {
      // Too late, or told before: the command counts all the same.
      if (codeOf(error) !== ALREADY_ACKNOWLEDGED) this.options.onProblem('interaction', fromDiscord(error));
    }
    afterwards?.();
    await done;
  }

  /** Remembers a command; undefined when it is none of ours. */
  private async take(interaction: DiscordInteraction): Promise<SurfaceMessage | undefined> {
    let message: SurfaceMessage | undefined;
    await this.persistently('command', async () => {
      message = await this.commandMessage(interaction);
      if (message !== undefined) await this.options.desk.take(message, interaction.token);
    });
    return message;
  }

  private async commandMessage(interaction: DiscordInteraction): Promise<SurfaceMessage | undefined> {
    const text = commandText(interaction);
    const person = interaction.member?.user ?? interaction.user;
    const channelId = interaction.channel_id ?? interaction.channel?.id;
    if (text === undefined || person === undefined || channelId === undefined) return undefined;
    const channel = interaction.channel ?? (await this.options.directory.channel(channelId));
    const place = placeOf(channel);
    const sender = { id: person.id, name: nameOf(person, interaction.member?.nick) };
    return { id: `command-${interaction.id}`, place, isGroup: interaction.guild_id !== undefined, sender, text, files: [], ...(interaction.locale !== undefined && { locale: interaction.locale }) };
  }

  private async deliverCommand(message: SurfaceMessage): Promise<void> {
    await this.persistently('command', async () => {
      if (!this.heard.has(message.id)) await this.options.onMessage(message);
      this.heard.add(message.id);
      await this.options.desk.safe(message.id);
    });
  }

  /** Does it until it is done; what can never be done is told and left. Rejects when there is no more time. */
  private async persistently(doing: string, work: () => Promise<void>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      if (this.stopping.signal.aborted) throw closed();
      try {
        return await Promise.race([work(), this.stopped.promise]);
      } catch (error) {
        if (this.stopping.signal.aborted) throw error;
        const problem = fromDiscord(error);
        this.options.onProblem(doing, problem);
        if (!problem.isRetryable) return;
        await wait(backoffMs(attempt, 500, 30_000), undefined, { signal: this.stopping.signal }).catch(this.ignore);
      }
    }
  }

  private readonly ignore = (): void => undefined;
}

const closed = (): AppError => new AppError('surface_closed', 'The surface hears no more.', { status: 503, isRetryable: true });

function placeOf(channel: DiscordChannel): Place {
  return isThread(channel) && channel.parent_id != null ? { chatId: channel.parent_id, topicId: channel.id } : { chatId: channel.id, topicId: '' };
}

/** The channel in which a place's messages stand. */
export const channelOf = ({ chatId, topicId }: Place): string => topicId || chatId;

function threadName({ content, mentions }: DiscordMessage): string {
  const [line = ''] = textOf({ content, mentions }, { userId: mentions[0]?.id ?? '0', roleId: undefined }).split('\n');
  return [...line].slice(0, 80).join('') || 'NEXUS';
}
