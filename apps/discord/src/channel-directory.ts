import type { DiscordCalls } from './discord-calls.js';
import { discordChannel, discordGuild, discordRoles, type DiscordChannel } from './wire.js';

/** What is known of a guild. */
export interface KnownGuild {
  readonly name: string;
  readonly memberCount: number | undefined;
  readonly locale: string | undefined;
}

/** The channels, threads and guilds that the bot sees: as the gateway tells of them, else as the API does when it is asked. */
export class ChannelDirectory {
  private readonly channels = new Map<string, DiscordChannel>();
  private readonly guilds = new Map<string, KnownGuild>();
  private readonly botRoles = new Map<string, Promise<string | undefined>>();

  constructor(
    private readonly calls: DiscordCalls,
    private readonly botId: string,
  ) {}

  /** Takes in GUILD_CREATE; gives the guild's channels and threads. */
  learnGuild(body: unknown): { readonly id: string; readonly channels: readonly DiscordChannel[] } {
    const { id, name = '', member_count, preferred_locale, roles, channels, threads } = discordGuild.parse(body);
    this.guilds.set(id, { name, memberCount: member_count, locale: preferred_locale ?? undefined });
    const botRole = roles.find((role) => role.tags?.bot_id === this.botId)?.id;
    this.botRoles.set(id, Promise.resolve(botRole));
    const all = [...channels, ...threads].map((channel) => ({ ...channel, guild_id: id }));
    for (const channel of all) this.channels.set(channel.id, channel);
    return { id, channels: all };
  }

  /** Takes in a channel or thread that is new or has changed. */
  learn(body: unknown): void {
    const channel = discordChannel.safeParse(body).data;
    if (channel !== undefined) this.channels.set(channel.id, { ...this.channels.get(channel.id), ...channel });
  }

  forget(body: unknown): void {
    const channel = discordChannel.safeParse(body).data;
    if (channel !== undefined) this.channels.delete(channel.id);
  }

  async channel(id: string): Promise<DiscordChannel> {
    const known = this.channels.get(id);
    if (known !== undefined) return known;
    const channel = discordChannel.parse(await this.calls.get(`/channels/${id}`));
    this.channels.set(id, channel);
    return channel;
  }

  async guild(id: string): Promise<KnownGuild> {
    const known = this.guilds.get(id);
    if (known !== undefined) return known;
    const body = (await this.calls.get(`/guilds/${id}`, new URLSearchParams({ with_counts: 'true' }))) as { name?: string; approximate_member_count?: number; preferred_locale?: string };
    const guild = { name: body.name ?? '', memberCount: body.approximate_member_count, locale: body.preferred_locale };
    this.guilds.set(id, guild);
    return guild;
  }

  /** What people are told in, if the guild says it; never asks. */
  localeOf(guildId: string | undefined): string | undefined {
    return guildId === undefined ? undefined : this.guilds.get(guildId)?.locale;
  }

  /** The role that Discord made for the bot in a guild; undefined when it has none. */
  botRole(guildId: string): Promise<string | undefined> {
    let role = this.botRoles.get(guildId);
    if (role === undefined) {
      role = this.calls.get(`/guilds/${guildId}/roles`).then((body) => discordRoles.parse(body).find(({ tags }) => tags?.bot_id === this.botId)?.id);
      this.botRoles.set(guildId, role);
      role.catch(() => this.botRoles.delete(guildId));
    }
    return role;
  }
}
