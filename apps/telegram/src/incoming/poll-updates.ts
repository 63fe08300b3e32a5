import { backoffMs } from '@nexus/core';
import { GrammyError, type Api } from 'grammy';
import type { Update } from 'grammy/types';
import type { SeenUpdates } from './seen-updates.js';
import { wait } from '../wait.js';

/** The kinds of updates that are asked for. */
export const HEARD_UPDATES = ['message', 'edited_message'] as const;

const POLL_SECONDS = 30;
/** While something is not safe yet Telegram would hand it out again at once: so long is waited for it. */
const ASK_AGAIN_MS = 1_000;
const PAUSE_MS = 200;
const MOST_PAUSE_MS = 10_000;

export interface Polling {
  readonly api: Api;
  readonly seen: SeenUpdates;
  /** Resolves when the update is safe. */
  readonly take: (update: Update) => Promise<void>;
  /** Telegram answered a poll. */
  readonly onSuccess: () => void;
  /** A poll failed: with Telegram's status, 0 when it was not reached. */
  readonly onFailure: (status: number) => void;
  readonly signal: AbortSignal;
}

/** Asks for updates until the signal is aborted, then confirms what is safe. Never rejects. */
export async function pollUpdates(polling: Polling): Promise<void> {
  const { api, seen, take, signal } = polling;
  for (let failures = 0; !signal.aborted; ) {
    try {
      // After a failure the first answer shall tell soon that all is well again.
      const timeout = seen.isAllSafe && failures === 0 ? POLL_SECONDS : 0;
      const updates = await api.getUpdates({ offset: seen.offset, limit: 100, timeout, allowed_updates: HEARD_UPDATES }, abortable(signal));
      failures = 0;
      polling.onSuccess();
      for (const update of updates) seen.take(update.update_id, () => take(update)).catch(() => undefined);
      if (!seen.isAllSafe) await Promise.race([seen.settled(), wait(ASK_AGAIN_MS, signal)]);
    } catch (error) {
      if (signal.aborted) break;
      polling.onFailure(error instanceof GrammyError ? error.error_code : 0);
      await wait(pauseAfter(error, failures++), signal);
    }
  }
}

/** Tells Telegram what is safe, so that it is not handed out at the next start. */
export async function confirmSafe(api: Api, seen: SeenUpdates): Promise<void> {
  if (seen.offset !== undefined) await api.getUpdates({ offset: seen.offset, limit: 1, timeout: 0, allowed_updates: HEARD_UPDATES });
}

function pauseAfter(error: unknown, failures: number): number {
  const retryAfter = error instanceof GrammyError ? error.parameters.retry_after : undefined;
  return retryAfter === undefined ? PAUSE_MS + backoffMs(failures, PAUSE_MS, MOST_PAUSE_MS) : retryAfter * 1_000;
}

/** grammY names an AbortSignal type of its own. */
function abortable(signal: AbortSignal): Parameters<Api['getUpdates']>[1] {
  return signal as Parameters<Api['getUpdates']>[1];
}
