import { create } from '@bufbuild/protobuf';
import { OwnedChatSchema, PersonSchema, type OwnedChat, type Person } from '@nexus/contracts';
import type { StoredAccount } from './storage/account.repository.js';
import type { StoredChat } from './storage/owned-chat.repository.js';
import type { StoredPerson } from './storage/person.repository.js';

/** A person as callers see them. */
export function personMessage({ id, name, createdAt }: StoredPerson, accounts: readonly StoredAccount[] = []): Person {
  return create(PersonSchema, {
    id, name,
    createdAt: BigInt(createdAt.getTime()),
    accounts: accounts.map(({ linkedAt, ...account }) => ({ ...account, linkedAt: BigInt(linkedAt.getTime()) })),
  });
}

/** A group with its owner. */
export function chatMessage({ claimedAt, ...chat }: StoredChat): OwnedChat {
  return create(OwnedChatSchema, { ...chat, claimedAt: BigInt(claimedAt.getTime()) });
}
