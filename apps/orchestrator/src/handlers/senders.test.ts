import { create } from '@bufbuild/protobuf';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import type { Message } from '@nexus/channels';
import { AttributionSchema, IdentityService, IncomingRequestSchema, SettingsChanged_Kind, SettingsChangedSchema } from '@nexus/contracts';
import { beforeEach, expect, it } from 'vitest';
import type { TracedIncoming } from './candidate.js';
import type { ProvenPublisher } from './publisher-check.js';
import { Senders } from './senders.js';

const now = { at: 1_000 };
let asked: string[];
let senders: Senders;

beforeEach(() => {
  asked = [];
  const transport = createRouterTransport((router) => {
    router.service(IdentityService, {
      resolveSender: ({ surface, accountId }, { requestHeader }) => {
        asked.push(`${requestHeader.get('x-nexus-tenant')} ${surface} ${accountId}`);
        return accountId === 'nobody' ? {} : { personId: accountId, personName: `person ${accountId}` };
      },
    });
  });
  senders = new Senders({ identity: createClient(IdentityService, transport) }, { of: () => Promise.resolve({ surfaces: new Set(['telegram', 'discord']), messagesPerMinute: 100 }) }, { now: () => now.at });
});

const publisher = (tenantId: string, isSurface = true): ProvenPublisher => ({ tenantId, attribution: create(AttributionSchema), isService: false, isSurface, replyTo: undefined, refusedReplyTo: undefined });
async function serve(tenantId: string, surface: string, account: string, isSurface = true) {
  const message = { id: `${asked.length} ${now.at}`, payload: create(IncomingRequestSchema, { text: 'hi', surface, sender: { id: account } }) } as Message<'requests.incoming'>;
  return senders.serve(publisher(tenantId, isSurface), { message } as TracedIncoming, now.at);
}
const changed = (tenantId: string, name: string, kind = SettingsChanged_Kind.PERSON) => senders.onSettingsChanged(create(SettingsChangedSchema, { tenantId, kind, name }));

it('asks nobody about senders of an API key, and gives no promise for them', () => {
  const message = { id: 'm', payload: create(IncomingRequestSchema, { surface: 'telegram', sender: { id: 'x' } }) } as Message<'requests.incoming'>;
  expect(senders.serve(publisher('t', false), { message } as TracedIncoming, 0)).toEqual({ user: 'x', isOwn: true });
  expect(asked).toEqual([]);
});

it('remembers somebody for 30 seconds and nobody for 5', async () => {
  await serve('t', 'telegram', 'ann');
  await expect(serve('t', 'telegram', 'nobody')).rejects.toMatchObject({ code: 'sender_unknown' });
  now.at += 4_999;
  await serve('t', 'telegram', 'ann');
  await expect(serve('t', 'telegram', 'nobody')).rejects.toMatchObject({ code: 'sender_unknown' });
  expect(asked).toHaveLength(2);
  now.at += 1;
  await expect(serve('t', 'telegram', 'nobody')).rejects.toMatchObject({ code: 'sender_unknown' });
  await serve('t', 'telegram', 'ann');
  expect(asked).toHaveLength(3);
  now.at += 25_000;
  await serve('t', 'telegram', 'ann');
  expect(asked).toHaveLength(4);
});

it('forgets whom a change names, all of a tenant when it names nobody, and nobody else', async () => {
  const all = [['t', 'telegram', 'a b'], ['t', 'discord', 'a b'], ['t', 'telegram', 'cid'], ['u', 'telegram', 'a b']] as const;
  const askAll = async () => {
    asked = [];
    for (const [tenant, surface, account] of all) await serve(tenant, surface, account);
    return asked;
  };
  expect(await askAll()).toHaveLength(4);
  expect(await askAll()).toEqual([]);
  changed('t', 'telegram a b');
  expect(await askAll()).toEqual(['t telegram a b']);
  changed('t', '');
  expect(await askAll()).toEqual(['t telegram a b', 't discord a b', 't telegram cid']);
  changed('t', 'identity.surfaces', SettingsChanged_Kind.CONFIG);
  expect(await askAll()).toEqual([]);
  senders.forget('t', 'telegram');
  expect(await askAll()).toEqual(['t telegram a b', 't telegram cid']);
});
