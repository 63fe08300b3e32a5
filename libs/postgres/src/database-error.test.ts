import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { databaseError } from './database-error.js';

const failure = (code: string | undefined, message = 'secret detail', more: object = {}): Error => Object.assign(new Error(message), { code, ...more });

describe('databaseError', () => {
  it.each([
    ['ECONNREFUSED', 'database_unavailable'],
    ['57P01', 'database_unavailable'],
    ['53300', 'database_unavailable'],
    ['08006', 'database_unavailable'],
    ['40P01', 'database_conflict'],
    ['40001', 'database_conflict'],
    ['57014', 'database_timeout'],
  ])('says that %s may succeed later (%s)', (sqlState, code) => {
    expect(databaseError(failure(sqlState))).toMatchObject({ code, isRetryable: true, status: 503 });
  });

  it('knows a lost connection by its text, as the driver gives it no code', () => {
    expect(databaseError(failure(undefined, 'Connection terminated unexpectedly'))).toMatchObject({ code: 'database_unavailable', isRetryable: true });
  });

  it('hides the text of everything else', () => {
    const error = databaseError(failure('23502'));
    expect(error).toMatchObject({ code: 'internal', isRetryable: false });
    expect(error.message).not.toContain('secret');
  });

  it('leaves an AppError as it is', () => {
    const error = new AppError('budget_exceeded', 'No.');
    expect(databaseError(error)).toBe(error);
  });
});
