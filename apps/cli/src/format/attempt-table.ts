import type { AttemptRow } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

/** Attempts, with what is set aside for each or what it cost. */
export function attemptTable(attempts: readonly AttemptRow[]): string[] {
  if (attempts.length === 0) return ['No attempt is UNKNOWN.'];
  const columns = [{ title: 'ID' }, { title: 'STATE' }, { title: 'PROVIDER' }, { title: 'MODEL' }, { title: 'OPENED (UTC)' }, { title: 'RESERVED', align: 'right' as const }];
  return table(columns, attempts.map((attempt) => [attempt.attemptId, attempt.state, attempt.provider, attempt.model, utcTime(attempt.openedAt), formatUsd(Number(attempt.reservedMicroUsd))]));
}
