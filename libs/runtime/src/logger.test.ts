import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.js';

function lines(): { readonly logger: ReturnType<typeof createLogger>; readonly written: Record<string, unknown>[] } {
  const written: Record<string, unknown>[] = [];
  const logger = createLogger({ level: 'debug', destination: { write: (text: string) => void written.push(JSON.parse(text) as Record<string, unknown>) } }).child({ service: 'usage', replica: 'r1' });
  return { logger, written };
}

describe('the logger', () => {
  it('writes a JSON object a line, with its service', () => {
    const { logger, written } = lines();
    logger.info({ tenant: 't', count: 3 }, 'batch done');
    expect(written).toEqual([{ level: 'info', time: expect.stringMatching(/^\d{4}-/), service: 'usage', replica: 'r1', tenant: 't', count: 3, message: 'batch done' }]);
  });

  it('drops every field that it does not know', () => {
    const { logger, written } = lines();
    logger.info({ authorization: 'Bearer nxs_secret', prompt: 'hello', tenant: 't' }, 'x');
    logger.child({ run: 'r', secret: 's' }).info('y');
    expect(JSON.stringify(written)).not.toMatch(/nxs_secret|hello|"secret"/);
    expect(written[1]).toMatchObject({ run: 'r' });
  });

  it('shows the class, code and place of an error, and its text only when NEXUS wrote it', () => {
    const { logger, written } = lines();
    const cause = Object.assign(new Error('duplicate key value (email)=(ann@example.org)'), { code: '23505' });
    logger.error({ error: new AppError('database_conflict', 'Another change got in the way.', { cause }) }, 'failed');
    expect(written[0]).toMatchObject({ error: { type: 'AppError', code: 'database_conflict', message: 'Another change got in the way.', cause: { type: 'Error', code: '23505' } } });
    expect(JSON.stringify(written)).not.toContain('ann@example.org');
    expect(JSON.stringify(written)).toContain('logger.test');
  });
});
