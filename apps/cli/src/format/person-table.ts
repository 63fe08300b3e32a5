import type { OwnedChat, Person } from '@nexus/contracts';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

/** People with the accounts that are theirs, a line each. */
export function personTable(people: readonly Person[]): string[] {
  if (people.length === 0) return ['There is nobody: bots whose people must be known serve nobody. nexus people add NAME'];
  const titles = ['ID', 'NAME', 'SURFACE', 'ACCOUNT', 'CALLED THERE', 'LINKED (UTC)'];
  return table(
    titles.map((title) => ({ title })),
    people.flatMap(({ id, name, accounts }) => {
      if (accounts.length === 0) return [[id, name, '-', 'no account: nexus people code makes one']];
      return accounts.map(({ surface, accountId, accountName, linkedAt }) => [id, name, surface, accountId, accountName, utcTime(linkedAt)]);
    }),
  );
}

/** Groups with who answers for them. */
export function chatTable(chats: readonly OwnedChat[]): string[] {
  if (chats.length === 0) return ['No group has an owner: whoever is linked sends /claim there.'];
  const titles = ['SURFACE', 'GROUP', 'OWNER', 'SINCE (UTC)'];
  return table(
    titles.map((title) => ({ title })),
    chats.map(({ surface, chatId, ownerName, claimedAt }) => [surface, chatId, ownerName, utcTime(claimedAt)]),
  );
}
