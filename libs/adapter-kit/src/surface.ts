import type { Formatted } from './formatted.js';

/** Where people write: a chat, and the topic or thread in it; '' where it has none. */
export interface Place {
  readonly chatId: string;
  readonly topicId: string;
}

/** A file that a person sent, as the surface tells of it. */
export interface IncomingFile {
  readonly name: string;
  /** As the surface says; NEXUS looks at the bytes itself. Empty when it says nothing. */
  readonly mediaType: string;
  readonly bytes: number;
  /** The content; throws AppError `file_too_large` where the surface does not hand it out. */
  readonly content: () => Promise<Uint8Array>;
}

/** A file of an answer. */
export interface OutgoingFile {
  readonly name: string;
  readonly mediaType: string;
  readonly content: Uint8Array;
}

/** What a person wrote. */
export interface SurfaceMessage {
  /** The surface's own id: with the place it names the message for ever, however often the surface delivers it. */
  readonly id: string;
  readonly place: Place;
  readonly isGroup: boolean;
  readonly sender: { readonly id: string; readonly name: string };
  /** Without the mention of the bot. */
  readonly text: string;
  readonly files: readonly IncomingFile[];
  /** The surface's own id of the message that this one answers; '' for none. */
  readonly replyToMessageId?: string;
  /** This text replaces that of an earlier message with this id. */
  readonly editsMessageId?: string;
  /** BCP 47 and IANA names, where the surface knows them. */
  readonly locale?: string;
  readonly timezone?: string;
}

/** What a surface can show. Lengths are UTF-16 code units, as JavaScript counts. */
export interface SurfaceCapabilities {
  readonly markdown: boolean;
  readonly images: boolean;
  readonly files: boolean;
  readonly choices: boolean;
  /** A message that was posted can be changed: then answers grow while they are made. */
  readonly edits: boolean;
  readonly maxTextLength: number;
  /** How long a content is here, where that is not the length of its text: where the API takes markup, what is escaped and styled counts more. Never less than the text. Pieces are cut so that this is at most `maxTextLength`. */
  readonly lengthOf?: (content: Formatted) => number;
  /** Milliseconds between two changes of one message. */
  readonly editEveryMs: number;
  readonly maxFileBytes: number;
}

/** One message of the bot: at most `maxTextLength` long. */
export interface Piece {
  readonly content: Formatted;
  readonly file?: OutgoingFile;
}

export interface PostOptions {
  /** The same for the same message: a surface that knows nonces never posts it twice. At most 25 characters. */
  readonly nonce: string;
  /** The person's message that this one answers. */
  readonly replyToMessageId?: string;
}

/** What a surface tells of a place. */
export interface PlaceContext {
  readonly title: string;
  readonly isGroup: boolean;
  readonly memberCount?: number;
}

/**
 * One platform on which people write: Telegram, Discord, a terminal. It knows the platform and nothing of NEXUS; `runAdapter()` knows
 * NEXUS and nothing of the platform. Its own limits (429, retry_after, reconnects) it deals with itself: a method resolves when the thing
 * is done and throws AppError when it never will be: `surface_gone` when the place or the message is not there any more (the answer is
 * then given up), a retryable one when it may be tried again.
 */
export interface Surface {
  /** `telegram`, `discord`, ...: the name for which the surface token may publish. */
  readonly name: string;
  capabilities(): SurfaceCapabilities;
  /** Begins to hear people. `onMessage` resolves when the message is safe with NEXUS: only then may the surface forget it. Calls of one place are made in their order, one after the other. */
  connect(onMessage: (message: SurfaceMessage) => Promise<void>): Promise<void>;
  /** Hears no more; resolves when nothing is under way. */
  disconnect(): Promise<void>;
  /** Posts one message; resolves with the surface's own id of it. */
  post(place: Place, piece: Piece, options: PostOptions): Promise<string>;
  /** Makes a posted message say this instead; a file, where there is one, takes the place of the text. The same again changes nothing. */
  edit(place: Place, messageId: string, piece: Piece): Promise<void>;
  /** Removes a posted message; one that is not there is no error. */
  remove(place: Place, messageId: string): Promise<void>;
  /** Shows for some seconds that an answer is on its way. */
  typing(place: Place): Promise<void>;
  /** Tells something that answers nobody. */
  notify(place: Place, text: Formatted): Promise<void>;
  context(place: Place): Promise<PlaceContext>;
}
