import { z } from 'zod';
import type { DiscordCalls } from './discord-calls.js';
import { discordMessage, type DiscordChannel, type DiscordMessage } from './wire.js';

const DISCORD_EPOCH_MS = 1_420_070_400_000;
const PAGE = 100;
/** Messages of different channels may be heard in another order than that of their ids. */
const OVERLAP_MS = 10_000;

/** The smallest id of a message that was written at this time. */
export function snowflakeAt(ms: number): bigint {
  return BigInt(Math.max(0, Math.floor(ms) - DISCORD_EPOCH_MS)) << 22n;
}

/** When something with this id was made. */
function timeOf(id: bigint): number {
  return Number(id >> 22n) + DISCORD_EPOCH_MS;
}

/** From which id on messages may have been missed: a bit before the last that was seen, and never more than `maxMs` ago. */
export function missedSince(seen: bigint, now: number, maxMs: number): bigint {
  return snowflakeAt(Math.max(timeOf(seen) - OVERLAP_MS, now - maxMs));
}

/** True when something was written in the channel since then. */
export function hasMessagesSince({ last_message_id }: DiscordChannel, since: bigint): boolean {
  return last_message_id != null && BigInt(last_message_id) > since;
}

/** The messages of a channel with larger ids, oldest first. */
export async function* messagesSince(calls: DiscordCalls, channelId: string, since: bigint): AsyncGenerator<DiscordMessage> {
  for (let after = since; ; ) {
    const body = await calls.get(`/channels/${channelId}/messages`, new URLSearchParams({ after: String(after), limit: String(PAGE) }));
    const page = z.array(discordMessage).parse(body).toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
    yield* page;
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return;
    after = BigInt(last.id);
  }
}
