import { FLAGS, INTENTS, channelJson, type DiscordAttachment, type DiscordChannel, type DiscordEvent, type DiscordMessage, type DiscordUser } from './discord-objects.js';
import { Snowflakes } from './snowflakes.js';

/** What a message is made of. */
export interface Written {
  readonly channelId: string;
  readonly author: DiscordUser;
  readonly content: string;
  readonly attachments?: readonly DiscordAttachment[];
  readonly nonce?: string;
  readonly replyTo?: string;
  readonly pings?: readonly string[];
  readonly pingsEveryone?: boolean;
  readonly interactionId?: string;
  readonly isEphemeral?: boolean;
  readonly isLoading?: boolean;
}

/** One guild, its channels and threads, direct messages, and all that was written there. Every change is told to `onEvent`. */
export class DiscordWorld {
  readonly ids = new Snowflakes();
  readonly guildId = this.ids.next();
  readonly botRoleId = this.ids.next();
  readonly applicationId = this.ids.next();
  /** Bots of today have the id of their application. */
  readonly bot: DiscordUser = { id: this.applicationId, username: 'nexus', global_name: null, bot: true };
  readonly channels = new Map<string, DiscordChannel>();
  readonly attachments = new Map<string, DiscordAttachment>();
  /** The channels in which the bot was seen typing, once each time. */
  readonly typing: string[] = [];
  onEvent: (event: DiscordEvent) => void = () => undefined;
  private readonly written = new Map<string, DiscordMessage[]>();
  private readonly users = new Map<string, DiscordUser>([[this.bot.id, this.bot]]);

  addUser(name: string): DiscordUser {
    const user = { id: this.ids.next(), username: name.toLowerCase(), global_name: name, bot: false };
    this.users.set(user.id, user);
    return user;
  }

  /** Adds a channel; a thread is told of. */
  addChannel(fields: Pick<DiscordChannel, 'type' | 'name'> & Partial<DiscordChannel>): DiscordChannel {
    const inGuild = fields.type === 1 ? undefined : this.guildId;
    const channel: DiscordChannel = { id: this.ids.next(), guildId: inGuild, parentId: undefined, ownerId: undefined, recipient: undefined, isLocked: false, ...fields };
    this.channels.set(channel.id, channel);
    this.written.set(channel.id, []);
    if (channel.type !== 1) this.onEvent({ type: channel.type === 11 ? 'THREAD_CREATE' : 'CHANNEL_CREATE', body: { ...this.channel(channel), newly_created: true }, intents: INTENTS.guilds });
    return channel;
  }

  channel(channel: DiscordChannel): Record<string, unknown> {
    return channelJson(channel, this.written.get(channel.id)?.at(-1)?.id);
  }

  /** In the order in which they were written. */
  messages(channelId: string): readonly DiscordMessage[] {
    return this.written.get(channelId) ?? [];
  }

  message(channelId: string, id: string): DiscordMessage | undefined {
    return this.messages(channelId).find((message) => message.id === id);
  }

  write(written: Written): DiscordMessage {
    const message: DiscordMessage = {
      attachments: [], nonce: undefined, replyTo: undefined, pings: [], pingsEveryone: false, interactionId: undefined, isEphemeral: false, isLoading: false,
      ...written,
      id: this.ids.next(), createdAt: new Date().toISOString(), editedAt: null, contents: [written.content],
    };
    this.keep(message.attachments);
    this.written.get(message.channelId)?.push(message);
    if (!message.isEphemeral) this.tell('MESSAGE_CREATE', message);
    return message;
  }

  /** Makes a message say something else. */
  change(message: DiscordMessage, change: { readonly content: string; readonly attachments?: readonly DiscordAttachment[] }): DiscordMessage {
    const changed = { ...message, ...change, isLoading: false, editedAt: new Date().toISOString(), contents: [...message.contents, change.content] };
    this.keep(changed.attachments);
    const all = this.written.get(message.channelId) ?? [];
    all[all.findIndex(({ id }) => id === message.id)] = changed;
    if (!changed.isEphemeral) this.tell('MESSAGE_UPDATE', changed);
    return changed;
  }

  remove(message: DiscordMessage): void {
    this.written.set(message.channelId, this.messages(message.channelId).filter(({ id }) => id !== message.id));
    const guildId = this.channels.get(message.channelId)?.guildId;
    this.onEvent({ type: 'MESSAGE_DELETE', body: { id: message.id, channel_id: message.channelId, ...(guildId && { guild_id: guildId }) }, intents: this.intentsOf(message.channelId) });
  }

  /** A message as the API shows it. `baseUrl` is where attachments are. */
  messageJson(message: DiscordMessage, baseUrl: string): Record<string, unknown> {
    const replied = message.replyTo === undefined ? undefined : this.message(message.channelId, message.replyTo);
    return {
      id: message.id,
      channel_id: message.channelId,
      author: message.author,
      content: message.content,
      timestamp: message.createdAt,
      edited_timestamp: message.editedAt,
      tts: false,
      mention_everyone: message.pingsEveryone,
      mentions: message.pings.flatMap((id) => this.users.get(id) ?? []),
      mention_roles: [...message.content.matchAll(/<@&(\d+)>/g)].map(([, id]) => id),
      attachments: message.attachments.map(({ id, filename, contentType, content }) => ({ id, filename, content_type: contentType, size: content.length, url: `${baseUrl}/attachments/${message.channelId}/${id}/${encodeURIComponent(filename)}?ex=1`, proxy_url: '' })),
      embeds: [],
      pinned: false,
      type: message.replyTo === undefined ? 0 : 19,
      flags: (message.isEphemeral ? FLAGS.ephemeral : 0) | (message.isLoading ? FLAGS.loading : 0),
      ...(message.nonce !== undefined && { nonce: message.nonce }),
      ...(message.interactionId !== undefined && { webhook_id: this.applicationId, application_id: this.applicationId }),
      ...(message.replyTo !== undefined && { message_reference: { type: 0, message_id: message.replyTo, channel_id: message.channelId }, referenced_message: replied ? this.messageJson({ ...replied, replyTo: undefined }, baseUrl) : null }),
    };
  }

  /** Set by the server once it knows its address. */
  baseUrl = '';

  private keep(attachments: readonly DiscordAttachment[]): void {
    for (const attachment of attachments) this.attachments.set(attachment.id, attachment);
  }

  private tell(type: string, message: DiscordMessage): void {
    const guildId = this.channels.get(message.channelId)?.guildId;
    const body = { ...this.messageJson(message, this.baseUrl), ...(guildId && { guild_id: guildId, member: { nick: null, roles: [] } }) };
    this.onEvent({ type, body, intents: this.intentsOf(message.channelId) });
  }

  private intentsOf(channelId: string): number {
    return this.channels.get(channelId)?.guildId === undefined ? INTENTS.directMessages : INTENTS.guildMessages;
  }
}
