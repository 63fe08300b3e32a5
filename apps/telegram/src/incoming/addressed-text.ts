import type { Message, MessageEntity } from 'grammy/types';
import type { Me } from './hear-message.js';
import { KIT_COMMANDS } from '../kit-commands.js';

const MOST_QUOTED = 1_000;

/**
 * What a message says to the bot, without the bot's name; undefined when it is not for the bot. With `mustAddress` it is when it names the
 * bot, answers it, or is a command. A message of somebody else that it answers is quoted before it: in groups NEXUS has not seen that one.
 */
export function addressedText(message: Message, me: Me, mustAddress: boolean): string | undefined {
  const text = message.text ?? message.caption ?? spokenPlace(message);
  const entities = message.entities ?? message.caption_entities ?? [];
  const command = commandOf(text, entities, me);
  if (command?.isOfAnother === true) return undefined;
  const mentions = entities.filter((entity) => isMention(text, entity, me));
  const replied = message.reply_to_message?.forum_topic_created === undefined ? message.reply_to_message : undefined;
  const answersMe = replied?.from?.id === me.id;
  if (mustAddress && command === undefined && mentions.length === 0 && !answersMe) return undefined;
  if (command !== undefined) return command.text;
  const said = mentions.reduceRight((rest, { offset, length }) => withoutName(rest, offset, length), text).trim();
  const quoted = replied === undefined || answersMe || message.chat.type === 'private' ? '' : quotation(message, replied);
  return quoted === '' || said === '' ? said : `${quoted}\n\n${said}`;
}

/** `/model best` for `/model@our_bot best`. In a group others' bots get commands without a name too: only those that we know are ours. */
function commandOf(text: string, entities: readonly MessageEntity[], me: Me): { readonly text: string; readonly isOfAnother: boolean } | undefined {
  const entity = entities.find(({ type, offset }) => type === 'bot_command' && offset === 0);
  if (entity === undefined) return undefined;
  const [name = '', target] = text.slice(1, entity.length).split('@');
  const isOfAnother = target !== undefined && target.toLowerCase() !== me.username.toLowerCase();
  if (target === undefined && !KIT_COMMANDS.has(name.toLowerCase())) return undefined;
  return { text: `/${name}${text.slice(entity.length)}`, isOfAnother };
}

function isMention(text: string, entity: MessageEntity, me: Me): boolean {
  if (entity.type === 'text_mention') return entity.user.id === me.id;
  return entity.type === 'mention' && text.slice(entity.offset + 1, entity.offset + entity.length).toLowerCase() === me.username.toLowerCase();
}

/** The text without a name in it: at its beginning the comma or colon after the name goes too, elsewhere the space before it. */
function withoutName(text: string, offset: number, length: number): string {
  const before = text.slice(0, offset);
  const after = text.slice(offset + length);
  return before.trim() === '' ? after.replace(/^\s*[,:]?\s*/, '') : before.replace(/[ \t]+$/, '') + after;
}

function quotation({ quote }: Message, replied: NonNullable<Message['reply_to_message']>): string {
  const text = quote?.text ?? replied.text ?? replied.caption ?? '';
  if (text.trim() === '') return '';
  const cut = text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED).toWellFormed().replaceAll('\ufffd', '')} …` : text;
  const lines = cut.split('\n').map((line) => `> ${line}`);
  const name = replied.from?.first_name ?? '';
  return [...(name === '' ? [] : [`> ${name}:`]), ...lines].join('\n');
}

/** Places and contacts in words. */
function spokenPlace({ location, venue, contact }: Message): string {
  if (venue !== undefined) return `${venue.title}, ${venue.address} (${venue.location.latitude}, ${venue.location.longitude})`;
  if (location !== undefined) return `Location: ${location.latitude}, ${location.longitude}`;
  if (contact !== undefined) return `Contact: ${[contact.first_name, contact.last_name].filter(Boolean).join(' ')}, ${contact.phone_number}`;
  return '';
}
