import { hasMessagesSince, missedSince, snowflakeAt } from './catch-up.js';
import type { ResumePoints } from './resume-points.js';
import type { SurfaceMemory } from './surface-memory.js';
import { discordReady, type DiscordChannel } from './wire.js';

const DIRECT = 'discord:direct:';
const DIRECT_DAYS_MS = 30 * 86_400_000;

export interface AbsenceOptions {
  readonly points: ResumePoints;
  readonly memory: SurfaceMemory;
  /** How far back it matters; 0 for not at all. */
  readonly catchUpMs: number;
  /** Hears what was written in a channel since then, before anything that is written there now. */
  readonly hearSince: (channelId: string, since: bigint) => Promise<void>;
}

/** What was missed before a session of the gateway that could not be resumed began, in the channels of guilds and in direct messages. */
export class Absence {
  /** From which message on some were missed; undefined for none. */
  private since: bigint | undefined;
  /** Guilds that the session has told of. */
  private readonly told = new Set<string>();
  /** Guilds of which it will tell; until then what was missed there is not safe. */
  private readonly awaited = new Map<string, () => void>();
  private readonly direct = new Set<string>();

  constructor(private readonly options: AbsenceOptions) {}

  /** A session has begun (READY). Resolves when direct messages are caught up with. */
  async begin(ready: unknown): Promise<void> {
    const { points, memory, hearSince } = this.options;
    const since = this.missed();
    this.since = since;
    this.told.clear();
    // From now on messages can be missed.
    points.beginMessage(points.seen ?? snowflakeAt(Date.now()))();
    if (since === undefined) return;
    const former = [...this.awaited.values()];
    this.awaited.clear();
    for (const { id } of discordReady.safeParse(ready).data?.guilds ?? []) this.awaited.set(id, points.beginMessage(since + 1n));
    for (const end of former) end();
    const channels = (await memory.list(DIRECT)).map(([key, at]) => ({ key, isOld: Number(at) < Date.now() - DIRECT_DAYS_MS }));
    await Promise.all(channels.map(({ key, isOld }) => (isOld ? memory.delete(key) : hearSince(key.slice(DIRECT.length), since))));
  }

  /** The session tells of a guild (GUILD_CREATE). Resolves when its channels are caught up with. */
  async guild(id: string, channels: readonly DiscordChannel[]): Promise<void> {
    // A guild that is told of in the midst of a session was away for a while.
    const since = (this.told.has(id) ? undefined : this.since) ?? this.missed();
    this.told.add(id);
    if (since !== undefined) await Promise.all(channels.filter((channel) => hasMessagesSince(channel, since)).map((channel) => this.options.hearSince(channel.id, since)));
    this.awaited.get(id)?.();
    this.awaited.delete(id);
  }

  /** Discord tells of guilds, not of direct messages: where someone wrote is remembered. */
  async rememberDirect(channelId: string): Promise<void> {
    if (this.direct.has(channelId)) return;
    await this.options.memory.set(DIRECT + channelId, String(Date.now()));
    this.direct.add(channelId);
  }

  private missed(): bigint | undefined {
    const { points, catchUpMs } = this.options;
    return points.seen === undefined || catchUpMs === 0 ? undefined : missedSince(points.seen, Date.now(), catchUpMs);
  }
}
