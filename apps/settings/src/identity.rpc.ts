import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Injectable } from '@nestjs/common';
import { IdentityService, type ClaimChatRequest, type RedeemLinkCodeRequest, type ResolveSenderRequest } from '@nexus/contracts';
import { RpcService, requireService, requireTenant } from '@nexus/runtime';
import { actorOf } from './actor-of.js';
import { OwnedChatsHandler } from './handlers/owned-chats.handler.js';
import { ReadPeopleHandler } from './handlers/read-people.handler.js';
import { RedeemLinkCodeHandler } from './handlers/redeem-link-code.handler.js';

/** For the other services: who a sender is. What an account does is told of under its own name in the audit. */
@Injectable()
@RpcService(IdentityService)
export class IdentityRpc implements ServiceImpl<typeof IdentityService> {
  constructor(
    private readonly reading: ReadPeopleHandler,
    private readonly redemption: RedeemLinkCodeHandler,
    private readonly chats: OwnedChatsHandler,
  ) {}

  async resolveSender({ surface, accountId, chatId }: ResolveSenderRequest, context: HandlerContext) {
    requireService(context);
    const sender = await this.reading.sender(requireTenant(context).tenantId, surface, accountId, chatId);
    return { personId: sender?.personId ?? '', personName: sender?.personName ?? '', ownerId: sender?.ownerId ?? '', ownerName: sender?.ownerName ?? '' };
  }

  async redeemLinkCode({ surface, accountId, accountName, code }: RedeemLinkCodeRequest, context: HandlerContext) {
    return this.redemption.handle(accountOf(context, surface, accountId), { surface, accountId, accountName, code });
  }

  async claimChat({ surface, chatId, accountId }: ClaimChatRequest, context: HandlerContext) {
    const { id, name } = await this.chats.claim(accountOf(context, surface, accountId), surface, chatId, accountId);
    return { ownerId: id, ownerName: name };
  }
}

function accountOf(context: HandlerContext, surface: string, accountId: string) {
  requireService(context);
  return { ...actorOf(requireTenant(context)), name: `account:${surface} ${accountId}` };
}
