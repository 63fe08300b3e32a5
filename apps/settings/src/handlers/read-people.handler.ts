import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';
import { AccountRepository, type StoredAccount, type StoredSender } from '../storage/account.repository.js';
import { OwnedChatRepository, type StoredChat } from '../storage/owned-chat.repository.js';
import { PersonRepository, type StoredPerson } from '../storage/person.repository.js';

@Injectable()
export class ReadPeopleHandler {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly people: PersonRepository,
    private readonly accounts: AccountRepository,
    private readonly chats: OwnedChatRepository,
  ) {}

  /** By name, each with their accounts. */
  list(tenantId: string): Promise<(StoredPerson & { readonly accounts: readonly StoredAccount[] })[]> {
    return this.database.withTenant(tenantId, async (tx) => {
      const [people, accounts] = await Promise.all([this.people.list(tx), this.accounts.list(tx)]);
      const byPerson = Map.groupBy(accounts, ({ personId }) => personId);
      return people.map((person) => ({ ...person, accounts: byPerson.get(person.id) ?? [] }));
    });
  }

  listChats(tenantId: string): Promise<StoredChat[]> {
    return this.database.withTenant(tenantId, (tx) => this.chats.list(tx));
  }

  /** Who an account is, and who owns the group; empty `chatId` in a private chat. */
  sender(tenantId: string, surface: string, accountId: string, chatId: string): Promise<StoredSender | undefined> {
    return this.database.withTenant(tenantId, (tx) => this.accounts.sender(tx, surface, accountId, chatId));
  }
}
