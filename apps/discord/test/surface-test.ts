import { memoryOnly, plain, type AdapterMemory, type Piece, type SurfaceMessage } from '@nexus/adapter-kit';
import type { AppError } from '@nexus/core';
import { startFakeDiscord, type DiscordUser, type FakeDiscord } from '@nexus/testing';
import { discordSurface, type DiscordSurface, type DiscordSurfaceOptions } from '../src/discord-surface.js';

/** A fake Discord with one person, a channel and direct messages, and surfaces on it. */
export interface SurfaceTest {
  readonly discord: FakeDiscord;
  readonly anna: DiscordUser;
  readonly general: string;
  readonly direct: string;
  /** What all surfaces heard, in its order. */
  readonly heard: SurfaceMessage[];
  readonly problems: { readonly doing: string; readonly error: AppError }[];
  readonly memory: AdapterMemory;
  /** A new life of the bot. `onMessage` is asked before a message counts as heard. */
  connected(options?: Partial<DiscordSurfaceOptions>, onMessage?: (message: SurfaceMessage) => Promise<void>): Promise<DiscordSurface>;
  readonly texts: () => string[];
  stop(): Promise<void>;
}

export async function startSurfaceTest(): Promise<SurfaceTest> {
  const discord = await startFakeDiscord({ requestsPerWindow: 100, windowMs: 1_000, heartbeatMs: 5_000 });
  const anna = discord.user('Anna');
  const [general, direct] = [discord.channel('general'), discord.direct(anna)];
  const [heard, problems, surfaces]: [SurfaceMessage[], { doing: string; error: AppError }[], DiscordSurface[]] = [[], [], []];
  const memory = memoryOnly();
  const connected: SurfaceTest['connected'] = async (options = {}, onMessage = async () => undefined) => {
    const surface = discordSurface({ token: discord.token, applicationId: discord.applicationId, restUrl: discord.restUrl, memory, observer: { onProblem: (doing, error) => void problems.push({ doing, error }) }, ...options });
    surfaces.push(surface);
    await surface.connect(async (message) => {
      await onMessage(message);
      heard.push(message);
    });
    return surface;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(surfaces.map((surface) => surface.disconnect()));
    await discord.close();
  };
  return { discord, anna, general, direct, heard, problems, memory, connected, texts: () => heard.map(({ text }) => text), stop };
}

export const piece = (text: string): Piece => ({ content: plain(text) });
