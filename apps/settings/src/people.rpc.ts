import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Injectable } from '@nestjs/common';
import {
  PeopleService, type AddPersonRequest, type CreateLinkCodeRequest, type ReleaseChatRequest, type RemovePersonRequest, type UnlinkAccountRequest,
} from '@nexus/contracts';
import { RpcService, requireAdmin, requireTenant, seedOf } from '@nexus/runtime';
import { actorOf } from './actor-of.js';
import { AddPersonHandler } from './handlers/add-person.handler.js';
import { CreateLinkCodeHandler } from './handlers/create-link-code.handler.js';
import { OwnedChatsHandler } from './handlers/owned-chats.handler.js';
import { ReadPeopleHandler } from './handlers/read-people.handler.js';
import { RemovePersonHandler } from './handlers/remove-person.handler.js';
import { UnlinkAccountHandler } from './handlers/unlink-account.handler.js';
import { chatMessage, personMessage } from './people-messages.js';

/** Who writes on surfaces. Changes need an admin key. */
@Injectable()
@RpcService(PeopleService)
export class PeopleRpc implements ServiceImpl<typeof PeopleService> {
  constructor(
    private readonly reading: ReadPeopleHandler,
    private readonly adding: AddPersonHandler,
    private readonly removal: RemovePersonHandler,
    private readonly codes: CreateLinkCodeHandler,
    private readonly unlinking: UnlinkAccountHandler,
    private readonly chats: OwnedChatsHandler,
  ) {}

  async addPerson({ name }: AddPersonRequest, context: HandlerContext) {
    return personMessage(await this.adding.handle(actorOf(requireAdmin(context)), name, seedOf(context)));
  }

  async listPeople(_request: unknown, context: HandlerContext) {
    const people = await this.reading.list(requireTenant(context).tenantId);
    return { people: people.map((person) => personMessage(person, person.accounts)) };
  }

  async removePerson({ person }: RemovePersonRequest, context: HandlerContext) {
    await this.removal.handle(actorOf(requireAdmin(context)), person);
    return {};
  }

  async createLinkCode({ person, surface }: CreateLinkCodeRequest, context: HandlerContext) {
    const made = await this.codes.handle(actorOf(requireAdmin(context)), person, surface, seedOf(context));
    return { code: made.code, expiresAt: BigInt(made.validUntil.getTime()), person: personMessage(made.person) };
  }

  async unlinkAccount({ surface, accountId }: UnlinkAccountRequest, context: HandlerContext) {
    await this.unlinking.handle(actorOf(requireAdmin(context)), surface, accountId);
    return {};
  }

  async listOwnedChats(_request: unknown, context: HandlerContext) {
    return { chats: (await this.reading.listChats(requireTenant(context).tenantId)).map(chatMessage) };
  }

  async releaseChat({ surface, chatId }: ReleaseChatRequest, context: HandlerContext) {
    await this.chats.release(actorOf(requireAdmin(context)), surface, chatId);
    return {};
  }
}
