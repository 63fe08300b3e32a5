import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Injectable } from '@nestjs/common';
import { DirectoryService, type ResolveKeyRequest } from '@nexus/contracts';
import { RpcService, requireService, requireTenant } from '@nexus/runtime';
import { ReadSettingsHandler } from './handlers/read-settings.handler.js';
import { keyMessage } from './key-message.js';
import { KeyRepository } from './storage/key.repository.js';

/** For the other services: who a key belongs to, and what a tenant has set. */
@Injectable()
@RpcService(DirectoryService)
export class DirectoryRpc implements ServiceImpl<typeof DirectoryService> {
  constructor(
    private readonly keys: KeyRepository,
    private readonly settings: ReadSettingsHandler,
  ) {}

  /** Empty for a key that is not known, or was revoked. */
  async resolveKey(request: ResolveKeyRequest, context: HandlerContext) {
    requireService(context);
    const found = await this.keys.find(request.hash);
    return found === undefined ? {} : { tenantId: found.tenantId, key: keyMessage(found.key) };
  }

  async getTenantSettings(_request: unknown, context: HandlerContext) {
    requireService(context);
    const { config, disabledTools, disabledProviders, wantedEvents } = await this.settings.all(requireTenant(context).tenantId);
    return { config: Object.fromEntries(config), disabledTools: [...disabledTools], disabledProviders: [...disabledProviders], wantedEvents: [...wantedEvents] };
  }
}
