import { createHash } from 'node:crypto';
import type { Place } from '../surface.js';

/** As NEXUS takes them. */
const LONGEST_ID = 256;
const NONCE_LENGTH = 25;

/** Which bot on which platform. */
export interface BotName {
  readonly surface: string;
  /** Its own id there; '' where there is only one. */
  readonly bot: string;
}

/** The id that a person's message has in NEXUS, for ever the same: `<surface>:<bot>:<chat>:<topic>:<message>`; a hash of that where it is too long. */
export function messageIdOf({ surface, bot }: BotName, { chatId, topicId }: Place, surfaceMessageId: string): string {
  const id = [surface, bot, chatId, topicId, surfaceMessageId].map(escape).join(':');
  return id.length <= LONGEST_ID ? id : `${escape(surface)}:${sha256(id)}`;
}

/** The platform's own id of the message that has this id in NEXUS; '' when it cannot be told. */
export function surfaceMessageIdOf(messageId: string): string {
  const parts = messageId.split(':');
  return parts.length === 5 ? unescape(parts[4] ?? '') : '';
}

/** The nonce of one posted message of an answer: 25 characters, always the same. `life` counts those that were removed by somebody. */
export function nonceOf(messageId: string, piece: number, life: number): string {
  return sha256(`${messageId} ${piece} ${life}`).slice(0, NONCE_LENGTH);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Only what parts the id is written in another way, so that people can read the rest. */
const escape = (part: string): string => part.replace(/[%:\u0000-\u001f\u007f]/g, (sign) => encodeURIComponent(sign));

const unescape = (part: string): string => part.replace(/%([01][0-9A-F]|25|3A|7F)/g, (_code, hex: string) => String.fromCharCode(parseInt(hex, 16)));
