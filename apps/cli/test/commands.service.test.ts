import { appendFileSync, cpSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, root, type Place } from './nexus-command.js';

let place: Place;
beforeAll(async () => {
  place = await createPlace({ NEXUS_CONFIG_DIR: 'config' });
  cpSync(join(root, 'config'), join(place.folder, 'config'), { recursive: true });
});
afterAll(() => place.remove());

const commands = [
  'up', 'ask', 'chat', 'doctor', 'config show', 'config set', 'config unset', 'runs show', 'runs replay', 'runs fork', 'usage', 'usage events', 'prices check', 'prices show', 'attempts list', 'attempts resolve', 'budgets list', 'budgets set', 'budgets delete', 'budgets lift', 'budgets alerts', 'keys create', 'keys list', 'keys revoke', 'people list', 'people add', 'people code', 'people unlink', 'people remove', 'people chats', 'people release', 'webhooks add', 'webhooks list', 'webhooks test', 'webhooks enable', 'webhooks disable', 'webhooks remove', 'webhooks deliveries', 'webhooks replay', 'providers list', 'providers add', 'providers test', 'channels tail', 'channels publish',
  'dead-letters list', 'dead-letters count', 'dead-letters show', 'dead-letters replay', 'dead-letters purge',
];

describe('the command line', () => {
  it.each(commands)('explains `%s` with an example', async (command) => {
    const { code, stdout } = await place.nexus([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: nexus ${command}`);
    expect(stdout).toMatch(/Examples?:\n {2}(nexus|NEXUS_PORT)/);
  });

  it.each([
    ['a command that is none', ['aks', 'hello'], /Did you mean ask/],
    ['an option that is none', ['usage', '--form', '2026-01-01'], /Did you mean --from/],
    ['a day that is none', ['usage', '--from', 'yesterday'], /2026-11-20/],
    ['a group that is none', ['usage', '--group-by', 'colour'], /knows day, provider/],
    ['a month that is none', ['usage', '--month', '2026-13'], /2026-11/],
    ['a month and a day', ['usage', '--month', '2026-11', '--to', '2026-11-20'], /instead of --from and --to/],
    ['two forms at once', ['usage', '--csv', '--focus'], /only one of --csv and --focus/],
    ['an invoice of nobody', ['usage', '--month', '2026-11', '--invoice'], /needs --client/],
    ['a fork without a step', ['runs', 'fork', 'x'], /--step/],
    ['a step that is none', ['runs', 'fork', 'x', '--step', 'last'], /whole number from 0/],
    ['an amount that is none', ['attempts', 'resolve', 'x', '--cost-usd', '1e3'], /six decimals/],
    ['a budget of two subjects', ['budgets', 'set', 'x', '--limit-usd', '1', '--client', 'a', '--key', 'b'], /cannot be used with/],
    ['a budget for a time that is none', ['budgets', 'set', 'x', '--limit-usd', '1', '--per', 'week'], /day, month, total/],
    ['a replay of nothing', ['webhooks', 'replay'], /one delivery, or a webhook with --failed/],
    ['a missing question', ['ask'], /missing required argument/],
  ])('ends with 2 for %s and says what would be right', async (_, args, message) => {
    expect(await place.nexus(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  it('changes no dead letter that nobody chose, nor without a yes', async () => {
    for (const change of ['replay', 'purge']) {
      expect(await place.nexus(['dead-letters', change])).toMatchObject({ code: 1, stderr: expect.stringMatching(/Which ones\?.*--all/) });
      expect(await place.nexus(['dead-letters', change, 'an-id', '--all'])).toMatchObject({ code: 1, stderr: expect.stringContaining('not both') });
    }
    expect(await place.nexus(['dead-letters', 'list', '--system'], { env: { NEXUS_API_KEY: 'nxs_something' } })).toMatchObject({ code: 1, stderr: expect.stringContaining('NEXUS_SERVICE_TOKEN') });
  });

  it('says how to get a key, and how to start NEXUS, when they are missing', async () => {
    expect(await place.nexus(['ask', 'hello'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/No API key.*npm start/) });
    const env = { NEXUS_API_KEY: 'nxs_something', NEXUS_GATEWAY_URL: `http://127.0.0.1:${await freePort()}` };
    for (const args of [['ask', 'hello'], ['chat'], ['usage'], ['keys', 'list'], ['runs', 'show', 'x']]) {
      expect(await place.nexus(args, { env, input: 'hello\n' })).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not answer at .*Start it with: npm start/) });
    }
    expect(await place.nexus(['channels', 'tail', 'requests.incoming'])).toMatchObject({ code: 1, stderr: expect.stringContaining('REDIS_URL') });
  });

  it('shows prices without NEXUS being there, and says what it then does not know', { timeout: 60_000 }, async () => {
    const shown = await place.nexus(['prices', 'show', 'gpt-4o']);
    expect(shown).toMatchObject({ code: 0, stderr: expect.stringMatching(/What the tenant has set is not in it: No API key/) });
    expect(shown.stdout).toMatch(/^openai\/gpt-4o .*USD \/ 1M\ninput +2\.5\n/);
    expect(shown.stdout).toContain('price: prices.json, version 2026-07-24');
    expect(await place.nexus(['prices', 'show', 'no-such-model'])).toMatchObject({ code: 1, stderr: expect.stringContaining('Write it as provider/model') });
  });

  it('names what has no price', { timeout: 60_000 }, async () => {
    expect(await place.nexus(['prices', 'check'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/0 without a price.*\nThe price list is of 2026-07-24, \d+ days old/) });
    appendFileSync(join(place.folder, 'config/providers.yaml'), '\n  - { name: priceless, base_url: "http://127.0.0.1:1/v1", models: [{ id: mystery }] }\n');
    expect(await place.nexus(['prices', 'check'])).toMatchObject({ code: 1, stdout: expect.stringContaining('without a price, and so refused:\n  priceless/mystery\n') });
  });

  it('names what is wrong in the environment before anything is started', async () => {
    expect(await place.nexus(['up'], { env: { NEXUS_PORT: 'eighty' } })).toMatchObject({ code: 1, stderr: expect.stringContaining('NEXUS_PORT must be a port number') });
  });
});

describe('nexus providers add', () => {
  const file = (name: string) => readFileSync(join(place.folder, name), 'utf8');

  it('writes a provider to providers.yaml and its key to .env, for its owner only', async () => {
    const before = file('config/providers.yaml');
    const args = ['providers', 'add', 'acme', '--base-url', 'https://api.acme.example/v1', '--key-env', 'ACME_API_KEY', '--model', 'one,two', '--price', '0.25/1.5', '--key-stdin'];
    expect(await place.nexus(args, { input: 'sk-of-acme\n' })).toMatchObject({ code: 0, stdout: expect.stringContaining('nexus providers test acme') });
    expect(file('config/providers.yaml').startsWith(before.trimEnd())).toBe(true);
    expect(file('config/providers.yaml')).toContain('- { id: two, price: { input: 0.25, output: 1.5 } }');
    expect(file('config/providers.yaml')).not.toContain('sk-of-acme');
    expect(file('.env')).toBe('ACME_API_KEY=sk-of-acme\n');
    expect(statSync(join(place.folder, '.env')).mode & 0o777).toBe(0o600);
  });

  it('gives a provider that is there its key, and refuses to add it again', async () => {
    expect(await place.nexus(['providers', 'add', 'openai', '--key-stdin'], { input: 'sk-of-openai' })).toMatchObject({ code: 0, stdout: expect.stringContaining('OPENAI_API_KEY') });
    expect(file('.env')).toContain('OPENAI_API_KEY=sk-of-openai\n');
    const before = file('config/providers.yaml');
    expect(await place.nexus(['providers', 'add', 'openai', '--base-url', 'https://other.example'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/already.*--key-stdin/) });
    expect(await place.nexus(['providers', 'add', 'demo', '--key-stdin'], { input: 'x' })).toMatchObject({ code: 1, stderr: expect.stringContaining('takes no key') });
    expect(file('config/providers.yaml')).toBe(before);
  });

  it('changes nothing when something is missing or wrong', async () => {
    const [yaml, env] = [file('config/providers.yaml'), file('.env')];
    expect(await place.nexus(['providers', 'add', 'other'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--base-url') });
    expect(await place.nexus(['providers', 'add'])).toMatchObject({ code: 1, stderr: expect.stringContaining('name is missing') });
    expect(await place.nexus(['providers', 'add', 'agent', '--base-url', 'https://a.example', '--price', 'free'])).toMatchObject({ code: 1, stderr: expect.stringContaining('reserved') });
    const badKey = await place.nexus(['providers', 'add', 'other', '--base-url', 'https://a.example', '--key-env', 'OTHER_KEY', '--price', 'free', '--key-stdin'], { input: 'two\nlines' });
    expect(badKey).toMatchObject({ code: 1, stderr: expect.stringContaining('one line') });
    expect(badKey.stderr).not.toContain('lines without');
    expect([file('config/providers.yaml'), file('.env')]).toEqual([yaml, env]);
  });
});
