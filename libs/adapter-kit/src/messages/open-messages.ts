import { insist } from '../insist.js';
import type { AdapterMemory } from '../memory/adapter-memory.js';
import type { AdapterObserver } from '../observer.js';
import { parseRecord, type OpenMessage, type OpenRecord } from './open-message.js';

const OPEN = 'open:';
const CLOSED = 'closed:';
/** So long a message or an answer that comes once more is known. */
const CLOSED_FOR_MS = 48 * 3_600_000;
const CLOSED_HERE = 10_000;

/** Which messages are open, and which were, in the memory. Every write is tried until it is done; it rejects only when the adapter stops. */
export class OpenMessages {
  /** Closed by this process: also known when the memory loses what it kept. */
  private young = new Set<string>();
  private old = new Set<string>();

  constructor(
    private readonly memory: AdapterMemory,
    private readonly observer: AdapterObserver,
    private readonly signal: AbortSignal,
  ) {}

  get isDurable(): boolean {
    return this.memory.isDurable;
  }

  /** What an earlier process left open, in the order in which it came. */
  async load(): Promise<readonly OpenRecord[]> {
    const kept = await this.insist(() => this.memory.list(OPEN));
    const records = kept.flatMap(([, value]) => parseRecord(value) ?? []);
    return records.sort((a, b) => a.seq - b.seq);
  }

  /** Resolves when the message is kept as it is now. */
  keep(message: OpenMessage): Promise<void> {
    return this.inTurn(message, async () => {
      if (!message.isClosed) await this.insist(() => this.memory.set(OPEN + message.id, JSON.stringify(message.record)));
    });
  }

  /** The answer is delivered: from now on the message is known as closed. */
  close(message: OpenMessage): Promise<void> {
    return this.inTurn(message, async () => {
      this.closedHere(message.id);
      await this.insist(() => this.memory.set(CLOSED + message.id, '1', CLOSED_FOR_MS));
      message.isClosed = true;
      await this.insist(() => this.memory.delete(OPEN + message.id));
    });
  }

  async isClosed(messageId: string): Promise<boolean> {
    if (this.young.has(messageId) || this.old.has(messageId)) return true;
    return (await this.insist(() => this.memory.get(CLOSED + messageId))) !== undefined;
  }

  private closedHere(messageId: string): void {
    if (this.young.size >= CLOSED_HERE) {
      this.old = this.young;
      this.young = new Set();
    }
    this.young.add(messageId);
  }

  private inTurn(message: OpenMessage, work: () => Promise<void>): Promise<void> {
    const turn = message.writing.then(work);
    message.writing = turn.catch(() => undefined);
    return turn;
  }

  private insist<T>(work: () => Promise<T>): Promise<T> {
    return insist(work, { signal: this.signal, triesOfUnknown: Infinity, onFailure: (error) => this.observer.problem?.('remember', error) });
  }
}
