import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Injectable } from '@nestjs/common';
import { SettingsService, type CreateKeyRequest, type GetConfigRequest, type RevokeKeyRequest, type SetProviderStateRequest, type SetToolStateRequest, type UpdateConfigRequest } from '@nexus/contracts';
import { RpcService, requireAdmin, requireTenant, seedOf } from '@nexus/runtime';
import { actorOf } from './actor-of.js';
import { configChangeFrom } from './domain/config-change.js';
import { checkedNewKey } from './domain/new-key.js';
import { CreateKeyHandler } from './handlers/create-key.handler.js';
import { ListSwitchablesHandler } from './handlers/list-switchables.handler.js';
import { ReadSettingsHandler } from './handlers/read-settings.handler.js';
import { RevokeKeyHandler } from './handlers/revoke-key.handler.js';
import { SwitchHandler } from './handlers/switch.handler.js';
import { UpdateConfigHandler } from './handlers/update-config.handler.js';
import { keyMessage, kindFrom } from './key-message.js';

/** What a tenant can see and change of itself. Changes, and the list of keys, need an admin key. */
@Injectable()
@RpcService(SettingsService)
export class SettingsRpc implements ServiceImpl<typeof SettingsService> {
  constructor(
    private readonly settings: ReadSettingsHandler,
    private readonly switchables: ListSwitchablesHandler,
    private readonly updates: UpdateConfigHandler,
    private readonly switches: SwitchHandler,
    private readonly creation: CreateKeyHandler,
    private readonly revocation: RevokeKeyHandler,
  ) {}

  async getConfig(request: GetConfigRequest, context: HandlerContext) {
    return { values: Object.fromEntries(await this.settings.config(requireTenant(context).tenantId, request.prefix)) };
  }

  async updateConfig(request: UpdateConfigRequest, context: HandlerContext) {
    const actor = actorOf(requireAdmin(context));
    return { values: Object.fromEntries(await this.updates.handle(actor, configChangeFrom(request.values))) };
  }

  async listProviders(_request: unknown, context: HandlerContext) {
    return { providers: await this.switchables.providers(requireTenant(context)) };
  }

  async setProviderState(request: SetProviderStateRequest, context: HandlerContext) {
    const who = requireAdmin(context);
    await this.switchables.requireKnown(who, 'provider', request.provider);
    await this.switches.handle(actorOf(who), 'provider', request.provider, request.enabled);
    return {};
  }

  async listTools(_request: unknown, context: HandlerContext) {
    return { tools: await this.switchables.tools(requireTenant(context)) };
  }

  async setToolState(request: SetToolStateRequest, context: HandlerContext) {
    const who = requireAdmin(context);
    await this.switchables.requireKnown(who, 'tool', request.tool);
    await this.switches.handle(actorOf(who), 'tool', request.tool, request.enabled);
    return {};
  }

  async createKey(request: CreateKeyRequest, context: HandlerContext) {
    const actor = actorOf(requireAdmin(context));
    const { name, client, project, surfaces, isAdmin } = request;
    const { key, secret } = await this.creation.handle(actor, checkedNewKey({ name, kind: kindFrom(request.kind), client, project, surfaces, isAdmin }), seedOf(context));
    return { key: keyMessage(key), secret };
  }

  async listKeys(_request: unknown, context: HandlerContext) {
    const keys = await this.settings.keysOf(requireAdmin(context).tenantId);
    return { keys: keys.map(keyMessage) };
  }

  async revokeKey(request: RevokeKeyRequest, context: HandlerContext) {
    return { key: keyMessage(await this.revocation.handle(actorOf(requireAdmin(context)), request.id)) };
  }
}
