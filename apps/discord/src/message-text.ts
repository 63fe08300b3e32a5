import { nameOf, type DiscordMessage } from './wire.js';

/** Who the bot is in a guild. */
export interface BotIdentity {
  readonly userId: string;
  /** The role that Discord made for it; people often mention that instead. */
  readonly roleId: string | undefined;
}

/** What a person says: without the mention of the bot, other people and emoji by their names. */
export function textOf({ content, mentions }: Pick<DiscordMessage, 'content' | 'mentions'>, { userId, roleId }: BotIdentity): string {
  const names = new Map(mentions.map((user) => [user.id, nameOf(user, undefined)]));
  const bot = roleId === undefined ? `@!?${userId}` : `(?:@!?${userId}|@&${roleId})`;
  return content
    .replace(new RegExp(`^\\s*(?:<${bot}>[ \\t]*)+`), '')
    .replace(new RegExp(`[ \\t]*<${bot}>`, 'g'), '')
    .replaceAll(/<@!?(\d+)>/g, (mention, id: string) => (names.has(id) ? `@${names.get(id)}` : mention))
    .replaceAll(/<a?(:\w+:)\d+>/g, '$1')
    .trim();
}
