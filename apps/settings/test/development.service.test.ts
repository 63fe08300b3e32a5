import { fromConnectError } from '@nexus/runtime';
import { postgresTest } from '@nexus/testing';
import { expect, it } from 'vitest';
import { DEV_SECRET, startSettings } from './settings-test.js';

const postgres = postgresTest();
const codeOf = (call: Promise<unknown>) => call.then(() => 'no error', (error: unknown) => fromConnectError(error).code);

it('has the development key after each start, once, and changes it when the variable changes', async () => {
  const first = await startSettings(postgres.url);
  expect(await codeOf(first.settings(DEV_SECRET).listKeys({}))).toBe('no error');
  await first.stop();

  const second = await startSettings(postgres.url);
  expect((await second.settings(DEV_SECRET).listKeys({})).keys).toHaveLength(1);
  await second.stop();

  const third = await startSettings(postgres.url, { secret: 'another-development-secret' });
  expect((await third.settings('another-development-secret').listKeys({})).keys).toHaveLength(1);
  expect(await codeOf(third.settings(DEV_SECRET).listKeys({}))).toBe('invalid_key');
  const audits = await third.database.withTenant('00000000-0000-7000-8000-000000000001', (tx) => tx.query('audits', "SELECT id FROM settings.audit WHERE action = 'key.set'"));
  expect(audits).toHaveLength(2);
  await third.stop();
});

it('refuses a development key that could be guessed, without repeating it', async () => {
  await expect(startSettings(postgres.url, { secret: 'short' })).rejects.toMatchObject({ code: 'invalid_configuration' });
  await expect(startSettings(postgres.url, { secret: 'guessme' })).rejects.toMatchObject({ message: expect.not.stringContaining('guessme') });
});
