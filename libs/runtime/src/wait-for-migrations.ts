import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@nexus/core';
import { pendingMigrations, type PendingMigrationsOptions } from '@nexus/postgres';
import type { Logger } from './logger.js';

const ASK_EVERY_MS = 500;
const WITHIN_MS = 120_000;

/**
 * Resolves when a schema has had every migration of this version, which another process applies (`--prepare`). Throws AppError
 * `migrations_pending` after two minutes (`withinMs`).
 */
export async function waitForMigrations(options: PendingMigrationsOptions, logger: Pick<Logger, 'info'>, withinMs = WITHIN_MS): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let isTold = false; ; isTold = true) {
    const { pending, error } = await ask(options);
    if (error === undefined && pending.length === 0) return;
    if (performance.now() >= deadline) {
      const why = error === undefined ? `It lacks ${pending.join(', ')}.` : `The database says: ${error.message}`;
      throw new AppError('migrations_pending', `The schema ${options.schema} is not what this version needs. ${why} Run this service with --prepare and DATABASE_ADMIN_URL, or leave NEXUS_MIGRATE out.`, { cause: error });
    }
    if (!isTold) logger.info({ schema: options.schema, migrations: pending }, 'waiting for migrations that another process applies');
    await delay(ASK_EVERY_MS);
  }
}

async function ask(options: PendingMigrationsOptions): Promise<{ readonly pending: readonly string[]; readonly error?: AppError }> {
  try {
    return { pending: await pendingMigrations(options) };
  } catch (error) {
    return { pending: [], error: AppError.from(error) };
  }
}
