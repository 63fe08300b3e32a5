import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { FailureLog } from './failure-log.js';

it('tells each kind of failure of a channel once in ten seconds', () => {
  const told: unknown[] = [];
  const log = new FailureLog({ warn: (fields: unknown, text?: string) => void told.push([(fields as { channel: string }).channel, (fields as { code: string }).code, text]) });
  const away = new AppError('database_unavailable', 'The database does not answer.', { isRetryable: true });
  for (let at = 0; at < 20_000; at += 100) log.report('usage.recorded', away, at);
  log.report('usage.recorded', new TypeError('x'), 20_000);
  log.report('audit.recorded', away, 20_000);
  const again = 'messages cannot be handled now; they are tried again';
  expect(told).toEqual([
    ['usage.recorded', 'database_unavailable', again],
    ['usage.recorded', 'database_unavailable', again],
    ['usage.recorded', 'internal', 'a message cannot be handled'],
    ['audit.recorded', 'database_unavailable', again],
  ]);
});
