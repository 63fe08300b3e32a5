import { AppError } from '@nexus/core';
import type { OutgoingFile, Piece, Place, PostOptions, Surface, SurfaceCapabilities, SurfaceMessage } from '../surface.js';
import type { ConformancePlatform } from './conformance-platform.js';

/** What the paper can; all but nonces by default. */
export interface PaperOptions {
  readonly edits?: boolean;
  readonly files?: boolean;
  /** The same nonce twice posts once. */
  readonly knowsNonces?: boolean;
  readonly maxTextLength?: number;
  readonly editEveryMs?: number;
}

interface Posted {
  readonly id: string;
  readonly nonce: string;
  readonly replyTo: string | undefined;
  text: string;
  file: OutgoingFile | undefined;
}

interface Written {
  readonly message: SurfaceMessage;
  isHeard: boolean;
}

/** Waits out what asks for patience, as a surface must. */
async function patiently<T>(work: () => T): Promise<T> {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'slow_down') throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const keyOf = ({ chatId, topicId }: Place): string => `${chatId} ${topicId}`;

/** A platform of paper, for trying adapters without one: it keeps what was written, hands it out until it is safe, and refuses what a real one would refuse. */
export class PaperPlatform {
  readonly calls: string[] = [];
  /** Thrown by the next calls, one each. */
  readonly failures: AppError[] = [];
  private readonly posted = new Map<string, Posted[]>();
  private readonly written: Written[] = [];
  private onMessage: ((message: SurfaceMessage) => Promise<void>) | undefined;
  private readonly hearing = new Map<string, Promise<void>>();
  private ids = 0;

  constructor(readonly options: PaperOptions = {}) {}

  /** A person writes; gives the message's id. */
  write(place: Place, text: string, more: Partial<SurfaceMessage> = {}): string {
    const id = `m${++this.ids}`;
    const message: SurfaceMessage = { id, place, isGroup: place.topicId !== '', sender: { id: 'p1', name: 'Ann' }, text, files: [], ...more };
    const written: Written = { message, isHeard: false };
    this.written.push(written);
    this.tell(written);
    return id;
  }

  /** The platform hands the message out once more. */
  writeAgain(id: string): void {
    const found = this.written.find(({ message }) => message.id === id);
    if (found !== undefined) this.tell(found);
  }

  messages(place: Place): readonly Posted[] {
    return this.posted.get(keyOf(place)) ?? [];
  }

  texts(place: Place): string[] {
    return this.messages(place).map(({ text }) => text);
  }

  /** Somebody removes a message of the bot. */
  tear(place: Place, id: string): void {
    this.posted.set(keyOf(place), this.messages(place).filter((message) => message.id !== id));
  }

  /** A new connection of the bot; an earlier one hears no more. */
  surface(): Surface {
    const { edits = true, files = true, maxTextLength = 4_096, editEveryMs = 5 } = this.options;
    const capabilities: SurfaceCapabilities = { markdown: true, images: files, files, choices: false, edits, maxTextLength, editEveryMs, maxFileBytes: 10_000 };
    let own: ((message: SurfaceMessage) => Promise<void>) | undefined;
    return {
      name: 'paper',
      capabilities: () => capabilities,
      connect: async (onMessage) => {
        this.onMessage = own = onMessage;
        this.hearing.clear(); // whom it told before is gone
        for (const written of this.written) if (!written.isHeard) this.tell(written);
      },
      disconnect: async () => {
        if (this.onMessage === own) this.onMessage = undefined;
      },
      post: (place, piece, options) => patiently(() => this.post(place, piece, options)),
      edit: (place, id, piece) => patiently(() => this.edit(place, id, piece)),
      remove: async (place, id) => {
        this.call('remove');
        this.tear(place, id);
      },
      typing: async () => this.call('typing'),
      notify: async (place, text) => void this.post(place, { content: text }, { nonce: `notify ${++this.ids}` }),
      context: async (place) => ({ title: place.chatId, isGroup: place.topicId !== '' }),
    };
  }

  /** For the conformance kit. */
  conformance(): ConformancePlatform {
    return {
      surface: this.surface(),
      restarted: () => this.surface(),
      place: { chatId: 'home', topicId: '' },
      otherPlace: { chatId: 'forum', topicId: '7' },
      write: async ({ place, text, senderId = 'p1', replyTo, file }) =>
        this.write(place, text, {
          sender: { id: senderId, name: 'Ann' },
          ...(replyTo !== undefined && { replyToMessageId: replyTo }),
          files: file === undefined ? [] : [{ name: file.name, mediaType: file.mediaType, bytes: file.content.length, content: async () => file.content }],
        }),
      shown: async (place) => this.messages(place).map(({ id, text, file }) => ({ id, text, hasFile: file !== undefined })),
      refuseNextCall: () => void this.failures.push(new AppError('slow_down', 'too many', { status: 429, isRetryable: true })),
      stop: async () => void (this.onMessage = undefined),
    };
  }

  /** Tells what nobody took yet of the place, and this message in any case. */
  private tell(written: Written): void {
    const key = keyOf(written.message.place);
    const { onMessage } = this;
    const turn = (this.hearing.get(key) ?? Promise.resolve()).then(async () => {
      for (const one of this.written) {
        if (onMessage === undefined || onMessage !== this.onMessage || keyOf(one.message.place) !== key || (one.isHeard && one !== written)) continue;
        await onMessage(one.message);
        one.isHeard = true;
      }
    });
    this.hearing.set(key, turn.catch(() => undefined));
  }

  private call(name: string): void {
    this.calls.push(name);
    const failure = name === 'typing' ? undefined : this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  private post(place: Place, piece: Piece, { nonce, replyToMessageId }: PostOptions): string {
    this.call('post');
    this.check(piece);
    const there = this.messages(place);
    const same = this.options.knowsNonces === true ? there.find((message) => message.nonce === nonce) : undefined;
    if (same !== undefined) return same.id;
    const id = `b${++this.ids}`;
    this.posted.set(keyOf(place), [...there, { id, nonce, replyTo: replyToMessageId, text: piece.content.text, file: piece.file }]);
    return id;
  }

  private edit(place: Place, id: string, piece: Piece): void {
    if (this.options.edits === false) throw new AppError('unimplemented', 'paper cannot be edited');
    this.call('edit');
    this.check(piece);
    const found = this.messages(place).find((message) => message.id === id);
    if (found === undefined) throw new AppError('surface_gone', 'there is no such message', { status: 410 });
    found.text = piece.content.text;
    found.file = piece.file;
  }

  private check({ content: { text }, file }: Piece): void {
    if (text.length > (this.options.maxTextLength ?? 4_096) || (text.trim() === '' && file === undefined) || !text.isWellFormed()) throw new AppError('surface_refused', 'that is no text', { status: 400 });
  }
}
