import { fromBinary } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, type ProcessedRequest } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { waitFor } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByHand } from './by-hand.js';
import { call, startNexusApart, type Nexus } from './nexus-apart.js';

describe('people on a surface, every service its own process', () => {
  let nexus: Nexus;
  let hand: ByHand;
  let token: string;
  let account: string;

  beforeAll(async () => {
    nexus = await startNexusApart();
    hand = new ByHand(nexus.redisUrl);
    ({ secret: token } = (await settings('CreateKey', { name: 'bot', kind: 'KEY_KIND_SURFACE', surfaces: ['telegram'] })) as { secret: string });
  }, 90_000);
  afterAll(async () => {
    hand?.close();
    await nexus?.stop();
  });

  const settings = (method: string, body: object) => call(nexus.urls.gateway, `nexus.settings.v1.SettingsService/${method}`, body);
  const people = (method: string, body: object = {}) => call(nexus.urls.gateway, `nexus.settings.v1.PeopleService/${method}`, body);
  async function say(more: object, sender = account): Promise<ProcessedRequest> {
    const id = newId();
    await hand.ask(id, { surface: 'telegram', chatId: sender, chatKind: 'CHAT_KIND_PRIVATE', sender: { id: sender, name: 'Ann' }, ...more }, { token });
    return fromBinary(ProcessedRequestSchema, (await hand.answer(id)).payload);
  }
  const ask = (sender = account) => say({ text: 'What is 2 + 3?' }, sender);
  const command = (name: string, argument = '', more: object = {}) => say({ command: { name, argument }, ...more });

  it('ADP-8 a stranger is refused, linked by a code that works once, answered under their name, and refused again once they are removed', { timeout: 60_000 }, async () => {
    account = newId();
    expect(await ask()).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'sender_unknown' } });
    await people('AddPerson', { name: 'Zoë' });
    const { code } = (await people('CreateLinkCode', { person: 'Zoë', surface: 'telegram' })) as { code: string };
    expect(await command('link', 'WRONGONE')).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'link_code_invalid' } });
    expect(await command('link', code)).toMatchObject({ outcome: Outcome.ANSWERED, text: 'You are linked as Zoë.' });
    const answer = await ask();
    expect(answer).toMatchObject({ outcome: Outcome.ANSWERED });
    await waitFor(async () => ((await call(nexus.urls.usage, 'nexus.usage.v1.UsageService/GetUsage', { groupBy: ['user'] })) as { rows?: { user?: string }[] }).rows?.some(({ user }) => user === 'Zoë'));
    expect(await command('cost')).toMatchObject({ outcome: Outcome.ANSWERED, text: expect.stringMatching(/^This month you have spent \$\d/) });

    const stranger = newId();
    expect(await say({ command: { name: 'link', argument: code } }, stranger)).toMatchObject({ error: { code: 'link_code_invalid' } });
    expect(await command('model', 'auto')).toMatchObject({ outcome: Outcome.ANSWERED, text: expect.stringContaining('auto') });
    expect(await command('model', 'no-such-model')).toMatchObject({ error: { code: 'model_not_found' } });
    expect(await command('claim', '', { chatId: '-100', chatKind: 'CHAT_KIND_GROUP' })).toMatchObject({ outcome: Outcome.ANSWERED });
    expect(await people('ListOwnedChats')).toMatchObject({ chats: [{ surface: 'telegram', chatId: '-100', ownerName: 'Zoë' }] });

    await people('RemovePerson', { person: 'Zoë' });
    await waitFor(async () => (await ask()).error?.code === 'sender_unknown', { timeoutMs: 5_000 });
    expect(await people('ListOwnedChats')).toEqual({});
  });
});
