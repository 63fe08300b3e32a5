import { AppError } from '@nexus/core';
import { placeOf } from '../format/place-of.js';

/** SQLSTATE of a refused user, a wrong password, a database that is not there. */
const REFUSED = ['28000', '28P01'];
const NO_DATABASE = '3D000';

/** Resolves when the Postgres of DATABASE_URL answers; throws an AppError that says what is wrong with it, without its password. */
export async function requireAnswer(url: string): Promise<void> {
  const { Database } = await import('@nexus/postgres');
  const database = Database.connect({ url, max: 1, applicationName: 'nexus-up' });
  try {
    await database.ping();
  } catch (error) {
    throw explain(error, placeOf(url));
  } finally {
    await database.close();
  }
}

function explain(error: unknown, place: string): AppError {
  const cause = error instanceof AppError ? error.cause : error;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (typeof code === 'string' && REFUSED.includes(code)) {
    return new AppError('database_refused', `Postgres at ${place} does not accept the user or the password of DATABASE_URL. Correct it, or leave DATABASE_URL out: then NEXUS brings its own.`, { cause: error });
  }
  if (code === NO_DATABASE) return new AppError('database_missing', `Postgres at ${place} has no such database. Make it with createdb, or correct DATABASE_URL.`, { cause: error });
  return new AppError('database_unreachable', `Postgres does not answer at ${place}. Start it, correct DATABASE_URL, or leave DATABASE_URL out: then NEXUS brings its own.`, { cause: error });
}
