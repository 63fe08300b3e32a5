import { setTimeout as wait } from 'node:timers/promises';
import type { RequestData } from '@discordjs/rest';
import type { SurfaceMessage } from '@nexus/adapter-kit';
import type { DiscordCalls } from './discord-calls.js';
import { codeOf } from './discord-failure.js';
import type { SurfaceMemory } from './surface-memory.js';

const PREFIX = 'discord:interaction:';
/** Discord takes answers for 15 minutes; a little less, so that an answer does not fall into the last moment. */
const GOOD_FOR_MS = 880_000;
const UNKNOWN_MESSAGE = 10_008;
const UNKNOWN_WEBHOOK = 10_015;
const TRIES = 8;

/** A command on its way, as it is remembered. */
interface Kept {
  readonly token: string;
  readonly at: number;
  readonly message: Omit<SurfaceMessage, 'files'>;
  /** NEXUS has the message. */
  readonly isSafe: boolean;
  /** Which of the answer's messages stands in the place of "thinking". */
  readonly nonce?: string;
  readonly shownId?: string;
}

/**
 * Commands whose answers go to the place where Discord shows "thinking": remembered before Discord is told that they are taken, so that
 * none is lost and none waits for ever.
 */
export class InteractionDesk {
  private readonly kept = new Map<string, Kept>();
  private loading: Promise<void> | undefined;

  constructor(
    private readonly options: { readonly memory: SurfaceMemory; readonly calls: DiscordCalls; readonly applicationId: string; readonly now: () => number },
  ) {}

  /** The messages that were taken in an earlier life and that NEXUS may not have. */
  async unsafe(): Promise<readonly SurfaceMessage[]> {
    await this.load();
    await this.dropOld();
    return [...this.kept.values()].filter(({ isSafe }) => !isSafe).map(({ message }) => ({ ...message, files: [] }));
  }

  /** Remembers a command. The same again changes nothing. */
  async take(message: SurfaceMessage, token: string): Promise<void> {
    await this.load();
    if (this.kept.has(message.id)) return;
    await this.dropOld();
    await this.keep({ token, at: this.options.now(), message, isSafe: false });
  }

  async safe(messageId: string): Promise<void> {
    const kept = this.kept.get(messageId);
    if (kept !== undefined) await this.keep({ ...kept, isSafe: true });
  }

  /** Shows the first message of the answer to a command; undefined when that is not possible (any more): it is to be posted like any other. */
  async show(messageId: string | undefined, nonce: string, request: RequestData): Promise<string | undefined> {
    await this.load();
    const kept = messageId === undefined ? undefined : this.fresh(this.kept.get(messageId));
    if (kept === undefined || (kept.nonce !== undefined && kept.nonce !== nonce)) return undefined;
    await this.keep({ ...kept, nonce });
    const shownId = await this.editOriginal(kept, request);
    if (shownId === undefined) {
      await this.forget(kept);
      return undefined;
    }
    await this.keep({ ...kept, nonce, shownId });
    return shownId;
  }

  /** True when the message stands in the place of an interaction and was changed there. */
  async edit(shownId: string, request: RequestData): Promise<boolean> {
    const kept = await this.shown(shownId);
    if (kept === undefined) return false;
    await this.options.calls.patch(this.address(kept, shownId), { ...request, auth: false });
    return true;
  }

  async remove(shownId: string): Promise<boolean> {
    const kept = await this.shown(shownId);
    if (kept === undefined) return false;
    await this.options.calls.delete(this.address(kept, shownId), { auth: false });
    return true;
  }

  private async editOriginal(kept: Kept, request: RequestData): Promise<string | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        const { id } = (await this.options.calls.patch(this.address(kept, '@original'), { ...request, auth: false })) as { id: string };
        return id;
      } catch (error) {
        const code = codeOf(error);
        // Our answer to Discord's own request may be on its way yet.
        const mayCome = code === UNKNOWN_WEBHOOK || code === UNKNOWN_MESSAGE;
        if (mayCome && attempt < TRIES) await wait(100 * (attempt + 1));
        else if (code === undefined) throw error;
        else return undefined;
      }
    }
  }

  private address({ token }: Kept, messageId: string): `/${string}` {
    return `/webhooks/${this.options.applicationId}/${token}/messages/${messageId}`;
  }

  private async shown(shownId: string): Promise<Kept | undefined> {
    await this.load();
    return this.fresh([...this.kept.values()].find((kept) => kept.shownId === shownId));
  }

  /** Answers may be asked for before anything is heard. */
  private load(): Promise<void> {
    this.loading ??= this.options.memory.list(PREFIX).then((entries) => {
      for (const [key, text] of entries) this.kept.set(key.slice(PREFIX.length), JSON.parse(text) as Kept);
    });
    this.loading.catch(() => (this.loading = undefined));
    return this.loading;
  }

  private fresh(kept: Kept | undefined): Kept | undefined {
    return kept !== undefined && this.options.now() - kept.at < GOOD_FOR_MS ? kept : undefined;
  }

  private async keep(kept: Kept): Promise<void> {
    await this.options.memory.set(PREFIX + kept.message.id, JSON.stringify({ ...kept, message: { ...kept.message, files: undefined } }));
    this.kept.set(kept.message.id, kept);
  }

  private async forget({ message }: Kept): Promise<void> {
    this.kept.delete(message.id);
    await this.options.memory.delete(PREFIX + message.id);
  }

  private async dropOld(): Promise<void> {
    for (const kept of this.kept.values()) if (this.fresh(kept) === undefined) await this.forget(kept);
  }
}
