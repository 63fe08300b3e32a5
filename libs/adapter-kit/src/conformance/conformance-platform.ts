import type { IncomingFile, Place, Surface } from '../surface.js';

/** What a person does on the platform. */
export interface PersonWrites {
  readonly place: Place;
  readonly text: string;
  /** Default: the one person whose place it is. */
  readonly senderId?: string;
  /** The platform's id of the message that this one answers. */
  readonly replyTo?: string;
  readonly file?: Pick<IncomingFile, 'name' | 'mediaType'> & { readonly content: Uint8Array };
}

/** A message of the bot as people see it now. */
export interface ShownMessage {
  readonly id: string;
  /** Without markup: what is read. */
  readonly text: string;
  readonly hasFile: boolean;
}

/** A stand-in for the platform, of which a test can be sure, and the surface on top of it. */
export interface ConformancePlatform {
  /** Not connected yet. */
  readonly surface: Surface;
  /** A new surface for the same bot on the same platform, as after a restart of the process. */
  restarted(): Surface | Promise<Surface>;
  /** Where one person writes to the bot. */
  readonly place: Place;
  /** Another place, best of all a topic of a group. */
  readonly otherPlace: Place;
  /** A person writes to the bot, so that it hears it: with a mention where it takes one. Resolves with the platform's id of the message. */
  write(message: PersonWrites): Promise<string>;
  /** The bot's messages in a place, oldest first; not those that were removed. */
  shown(place: Place): Promise<readonly ShownMessage[]>;
  /** The next call of the bot is refused because there were too many; it may come again after some milliseconds. */
  refuseNextCall?(): void;
  /** The connection between the platform and the bot breaks once. */
  breakConnection?(): void;
  stop(): Promise<void>;
}

/** One case of the conformance kit. */
export interface PlatformCase {
  readonly name: string;
  readonly check: (platform: ConformancePlatform) => Promise<void>;
}
