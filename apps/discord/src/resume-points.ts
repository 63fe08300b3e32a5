import type { SessionInfo } from '@discordjs/ws';
import { z } from 'zod';
import { LowWater } from './low-water.js';
import type { SurfaceMemory } from './surface-memory.js';

const PREFIX = 'discord:gateway:';
const SEEN = 'discord:seen';
const SAVE_EVERY_MS = 500;

const kept = z.object({ sessionId: z.string(), resumeURL: z.string(), sequence: z.number(), shardId: z.number(), shardCount: z.number() });

export interface ResumePointsOptions {
  readonly memory: SurfaceMemory;
  /** Where sessions are resumed instead of at the address that Discord gave. */
  readonly gatewayUrl: string | undefined;
  /** Told when something could not be remembered; it is tried again with the next event. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Where the gateway goes on after a lost connection, and after a death of this process: each session with the number of the last event
 * that is safe (and not merely heard), and the id of the last such message. What is remembered is at most half a second old, so that a
 * few events come again: whoever hears them must know them by their ids.
 */
export class ResumePoints {
  private readonly live = new Map<number, SessionInfo>();
  private readonly safe = new Map<number, LowWater>();
  private seenMessages: LowWater | undefined;
  private isLeaving = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: ResumePointsOptions) {}

  /** Reads what was remembered. */
  async load(): Promise<void> {
    const { memory } = this.options;
    for (const [, text] of await memory.list(PREFIX)) {
      const session = kept.safeParse(JSON.parse(text)).data;
      if (session === undefined) continue;
      this.live.set(session.shardId, session);
      this.safe.set(session.shardId, new LowWater(BigInt(session.sequence)));
    }
    const seen = await memory.get(SEEN);
    if (seen !== undefined) this.seenMessages = new LowWater(BigInt(seen));
  }

  /** For the library, which asks before every connection and event. */
  session(shardId: number): SessionInfo | null {
    const session = this.live.get(shardId);
    if (session === undefined) return null;
    return this.options.gatewayUrl === undefined ? session : { ...session, resumeURL: this.options.gatewayUrl };
  }

  /** From the library: null ends a session. A session that is left at our own end is kept, so that the next start resumes it. */
  async update(shardId: number, session: SessionInfo | null): Promise<void> {
    if (this.isLeaving) return;
    const isNew = session?.sessionId !== this.live.get(shardId)?.sessionId;
    if (session === null) this.live.delete(shardId);
    else this.live.set(shardId, session);
    if (!isNew) return;
    this.safe.set(shardId, new LowWater(BigInt(session?.sequence ?? 0)));
    if (session === null) await this.options.memory.delete(PREFIX + shardId).catch(this.options.onProblem);
  }

  /** An event has been heard; call what is returned when it is safe. */
  begin(shardId: number, sequence: number): () => void {
    const end = this.safe.get(shardId)?.begin(BigInt(sequence));
    return () => {
      end?.();
      this.saveSoon();
    };
  }

  /** A message has been heard; call what is returned when it is safe. */
  beginMessage(id: bigint): () => void {
    this.seenMessages ??= new LowWater(id - 1n);
    const end = this.seenMessages.begin(id);
    return () => {
      end();
      this.saveSoon();
    };
  }

  /** The id up to which all messages are safe; undefined when none was ever heard. */
  get seen(): bigint | undefined {
    return this.seenMessages?.value;
  }

  /** Remembers now, and takes no ends of sessions any more. */
  async leave(): Promise<void> {
    this.isLeaving = true;
    clearTimeout(this.timer);
    await this.save();
  }

  private saveSoon(): void {
    if (this.isLeaving) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.save();
    }, SAVE_EVERY_MS);
  }

  private async save(): Promise<void> {
    const { memory, onProblem } = this.options;
    try {
      for (const [shardId, session] of this.live) {
        const sequence = Number(this.safe.get(shardId)?.value ?? 0n);
        await memory.set(PREFIX + shardId, JSON.stringify({ ...session, sequence }));
      }
      if (this.seen !== undefined) await memory.set(SEEN, String(this.seen));
    } catch (error) {
      onProblem(error);
    }
  }
}
