import { create } from '@bufbuild/protobuf';
import { OwnedChatSchema, PersonSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { chatTable, personTable } from './person-table.js';

const at = 1_795_162_814_000n;

it('lists people with each of their accounts, and says what to do for one without', () => {
  const ann = create(PersonSchema, {
    id: 'p1', name: 'Ann',
    accounts: [{ surface: 'discord', accountId: '9', accountName: 'ann', linkedAt: at }, { surface: 'telegram', accountId: '77', accountName: 'Ann T', linkedAt: at }],
  });
  expect(personTable([ann, create(PersonSchema, { id: 'p2', name: 'Bob' })])).toEqual([
    'ID  NAME  SURFACE   ACCOUNT                                  CALLED THERE  LINKED (UTC)',
    'p1  Ann   discord   9                                        ann           2026-11-20 08:20:14',
    'p1  Ann   telegram  77                                       Ann T         2026-11-20 08:20:14',
    'p2  Bob   -         no account: nexus people code makes one',
  ]);
  expect(personTable([])).toEqual([expect.stringContaining('nexus people add NAME')]);
});

it('lists groups with their owners', () => {
  expect(chatTable([create(OwnedChatSchema, { surface: 'telegram', chatId: '-100', ownerName: 'Ann', claimedAt: at })])).toEqual([
    'SURFACE   GROUP  OWNER  SINCE (UTC)',
    'telegram  -100   Ann    2026-11-20 08:20:14',
  ]);
  expect(chatTable([])).toEqual([expect.stringContaining('/claim')]);
});
