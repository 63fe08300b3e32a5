import { DiscordAPIError } from '@discordjs/rest';
import { AppError } from '@nexus/core';
import { z } from 'zod';

/** Codes of Discord for a place or a message that is not there for the bot, and will not be. */
const GONE: readonly (string | number)[] = [10_003, 10_004, 10_008, 10_015, 50_001, 50_007, 50_013, 50_027, 50_083, 160_005];
const TOO_LARGE = 40_005;

/** The code of a refusal of Discord's API, also behind an AppError; else undefined. */
export function codeOf(error: unknown): string | number | undefined {
  if (error instanceof AppError) return codeOf(error.cause);
  return error instanceof DiscordAPIError ? error.code : undefined;
}

/** What went wrong with a call of Discord's API, in the terms of a surface. */
export function fromDiscord(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof z.ZodError) return new AppError('surface_refused', 'Discord told something in another form than this version knows.', { status: 502, cause: error });
  if (!(error instanceof DiscordAPIError)) return new AppError('surface_unavailable', 'Discord does not answer. Retry in a moment.', { status: 503, isRetryable: true, cause: error });
  if (GONE.includes(error.code)) return new AppError('surface_gone', 'The message or the channel is not there any more, or the bot may not write there.', { status: 410, cause: error });
  if (error.status === 401) return new AppError('surface_unauthorized', 'Discord does not accept the bot token. Correct DISCORD_BOT_TOKEN: the page of the application, section Bot.', { status: 502, isRetryable: true, cause: error });
  if (error.code === TOO_LARGE) return new AppError('file_too_large', 'Discord does not take a file of this size.', { status: 413, cause: error });
  return new AppError('surface_refused', `Discord refused a call: code ${error.code}.`, { status: 502, cause: error });
}
