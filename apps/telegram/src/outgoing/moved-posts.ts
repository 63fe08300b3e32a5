import type { AdapterMemory } from '@nexus/adapter-kit';

/** As long as an answer may be under way. */
const KEPT_MS = 86_400_000;

/** What was posted in a supergroup in the stead of a message of the group that it was: that one cannot be changed any more. */
export class MovedPosts {
  private readonly known = new Map<string, string>();

  /** Without a memory what is known ends with the process. */
  constructor(private readonly memory: Pick<AdapterMemory, 'get' | 'set'> | undefined) {}

  /** The id of what stands for the message; undefined when nothing does. */
  async get(chatId: string, messageId: number): Promise<string | undefined> {
    const key = keyOf(chatId, messageId);
    const known = this.known.get(key) ?? (await this.memory?.get(key));
    if (known !== undefined) this.known.set(key, known);
    return known;
  }

  async set(chatId: string, messageId: number, id: string): Promise<void> {
    const key = keyOf(chatId, messageId);
    this.known.set(key, id);
    await this.memory?.set(key, id, KEPT_MS);
  }
}

const keyOf = (chatId: string, messageId: number): string => `telegram:moved:${chatId}:${messageId}`;
