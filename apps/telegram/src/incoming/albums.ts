import type { Update } from 'grammy/types';
import { wait } from '../wait.js';
import type { HeardMessage } from './hear-message.js';

/** The pictures of an album come as messages of their own, all at once: so long is waited for the next. */
const GATHER_MS = 400;

interface Album {
  readonly parts: HeardMessage[];
  readonly delivered: Promise<void>;
}

/** Puts pictures that were sent at once together again, as the one message that they are for whoever sent them. */
export class Albums {
  private readonly open = new Map<string, Album>();

  constructor(private readonly signal: AbortSignal) {}

  /** A part of this update's album is here already: this one belongs to it, also when it names nobody. */
  isOpen(update: Update): boolean {
    const key = albumOf(update);
    return key !== undefined && this.open.has(key);
  }

  /** Settles as the message does, of an album all its parts together. `inTurn` is called once for an album. */
  take(update: Update, heard: HeardMessage, inTurn: (message: () => Promise<HeardMessage>) => Promise<void>): Promise<void> {
    const key = albumOf(update);
    if (key === undefined) return inTurn(async () => heard);
    const known = this.open.get(key);
    if (known !== undefined) {
      known.parts.push(heard);
      return known.delivered;
    }
    const parts = [heard];
    const delivered = inTurn(async () => {
      await wait(GATHER_MS, this.signal);
      this.open.delete(key);
      return together(parts);
    });
    this.open.set(key, { parts, delivered });
    return delivered;
  }
}

function albumOf({ message }: Update): string | undefined {
  return message?.media_group_id === undefined ? undefined : `${message.chat.id} ${message.media_group_id}`;
}

/** The first part, which gives its id, with the texts and files of all. */
function together(parts: readonly HeardMessage[]): HeardMessage {
  const inOrder = parts.toSorted((a, b) => Number(a.id) - Number(b.id));
  const [first = parts[0]] = inOrder;
  if (first === undefined) throw new Error('an album has a part');
  return { ...first, text: inOrder.map(({ text }) => text).filter((text) => text !== '').join('\n\n'), files: inOrder.flatMap(({ files }) => files) };
}
