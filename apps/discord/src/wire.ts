import { z } from 'zod';

const user = z.object({ id: z.string(), username: z.string(), global_name: z.string().nullish(), bot: z.boolean().optional() });
const member = z.object({ nick: z.string().nullish() });

/** A message of Discord, as far as it is read here: the events MESSAGE_CREATE and MESSAGE_UPDATE, and rows of a channel's list. */
export const discordMessage = z.object({
  id: z.string(),
  channel_id: z.string(),
  guild_id: z.string().optional(),
  type: z.number(),
  author: user,
  member: member.nullish(),
  content: z.string(),
  edited_timestamp: z.string().nullish(),
  webhook_id: z.string().optional(),
  mentions: z.array(user),
  mention_roles: z.array(z.string()),
  attachments: z.array(z.object({ id: z.string(), filename: z.string(), content_type: z.string().nullish(), size: z.number(), url: z.string() })),
  message_reference: z.object({ message_id: z.string().optional() }).nullish(),
  referenced_message: z.object({ author: user }).nullish(),
});
export type DiscordMessage = z.infer<typeof discordMessage>;

/** A channel or thread. */
export const discordChannel = z.object({
  id: z.string(),
  type: z.number(),
  guild_id: z.string().nullish(),
  name: z.string().nullish(),
  parent_id: z.string().nullish(),
  owner_id: z.string().nullish(),
  last_message_id: z.string().nullish(),
});
export type DiscordChannel = z.infer<typeof discordChannel>;

const role = z.object({ id: z.string(), tags: z.object({ bot_id: z.string().optional() }).nullish() });
export const discordRoles = z.array(role);

/** The event READY. */
export const discordReady = z.object({ guilds: z.array(z.object({ id: z.string() })) });

/** The event GUILD_CREATE. */
export const discordGuild = z.object({
  id: z.string(),
  name: z.string().optional(),
  member_count: z.number().optional(),
  preferred_locale: z.string().nullish(),
  roles: z.array(role).default([]),
  channels: z.array(discordChannel).default([]),
  threads: z.array(discordChannel).default([]),
});

/** What is asked by a slash command, whichever way it comes. */
export const discordInteraction = z.object({
  id: z.string(),
  token: z.string(),
  application_id: z.string(),
  /** 1 ping, 2 command, 3 component, 4 autocompletion, 5 form. */
  type: z.number(),
  channel_id: z.string().optional(),
  channel: discordChannel.optional(),
  guild_id: z.string().optional(),
  locale: z.string().optional(),
  user: user.optional(),
  member: member.extend({ user: user.optional() }).optional(),
  data: z.object({ name: z.string().default(''), options: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number(), z.boolean()]).optional() })).optional() }).optional(),
});
export type DiscordInteraction = z.infer<typeof discordInteraction>;

/** Types of channels that are threads. */
const THREADS = [10, 11, 12];

export const isThread = ({ type }: DiscordChannel): boolean => THREADS.includes(type);

/** What people see of someone. */
export function nameOf(person: z.infer<typeof user>, nick: string | null | undefined): string {
  return nick || person.global_name || person.username;
}
