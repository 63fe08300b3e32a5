import { Module, type DynamicModule } from '@nestjs/common';
import { defaultPorts, type Environment, type ServiceDefinition } from '@nexus/runtime';
import { readSettingsConfig } from './config.js';
import { DirectoryRpc } from './directory.rpc.js';
import { AddPersonHandler } from './handlers/add-person.handler.js';
import { ChangeWebhooksHandler } from './handlers/change-webhooks.handler.js';
import { CreateKeyHandler } from './handlers/create-key.handler.js';
import { CreateLinkCodeHandler } from './handlers/create-link-code.handler.js';
import { CreateWebhookHandler } from './handlers/create-webhook.handler.js';
import { DeliverEvents } from './handlers/deliver-events.js';
import { LinkCodes } from './handlers/link-codes.js';
import { ListSwitchablesHandler } from './handlers/list-switchables.handler.js';
import { OwnedChatsHandler } from './handlers/owned-chats.handler.js';
import { PrepareDevelopmentHandler } from './handlers/prepare-development.handler.js';
import { PruneLinkCodesHandler } from './handlers/prune-link-codes.handler.js';
import { ReadPeopleHandler } from './handlers/read-people.handler.js';
import { ReadSettingsHandler } from './handlers/read-settings.handler.js';
import { RecordAuditHandler } from './handlers/record-audit.handler.js';
import { RecordEventsHandler } from './handlers/record-events.handler.js';
import { RedeemLinkCodeHandler } from './handlers/redeem-link-code.handler.js';
import { RemovePersonHandler } from './handlers/remove-person.handler.js';
import { RevokeKeyHandler } from './handlers/revoke-key.handler.js';
import { SwitchHandler } from './handlers/switch.handler.js';
import { TenantChanges } from './handlers/tenant-changes.js';
import { TryDelivery } from './handlers/try-delivery.js';
import { UnlinkAccountHandler } from './handlers/unlink-account.handler.js';
import { UpdateConfigHandler } from './handlers/update-config.handler.js';
import { UseDeliveriesHandler } from './handlers/use-deliveries.handler.js';
import { IdentityRpc } from './identity.rpc.js';
import { PeopleRpc } from './people.rpc.js';
import { SettingsConsumer } from './settings.consumer.js';
import { SettingsRpc } from './settings.rpc.js';
import { AccountRepository } from './storage/account.repository.js';
import { AuditRepository } from './storage/audit.repository.js';
import { ConfigRepository } from './storage/config.repository.js';
import { DeliveryDeskRepository } from './storage/delivery-desk.repository.js';
import { DeliveryRepository } from './storage/delivery.repository.js';
import { KeyRepository } from './storage/key.repository.js';
import { LinkCodeRepository } from './storage/link-code.repository.js';
import { People1764900000000 } from './storage/migrations/people-1764900000000.js';
import { Settings1763610000000 } from './storage/migrations/settings-1763610000000.js';
import { Webhook1764900100000 } from './storage/migrations/webhook-1764900100000.js';
import { OwnedChatRepository } from './storage/owned-chat.repository.js';
import { PersonRepository } from './storage/person.repository.js';
import { SwitchRepository } from './storage/switch.repository.js';
import { TenantRepository } from './storage/tenant.repository.js';
import { WebhookRepository } from './storage/webhook.repository.js';
import { SETTINGS_CONFIG } from './tokens.js';
import { WebhookRpc } from './webhook.rpc.js';

@Module({})
export class SettingsModule {
  static with(environment: Environment): DynamicModule {
    return {
      module: SettingsModule,
      controllers: [SettingsConsumer],
      providers: [
        { provide: SETTINGS_CONFIG, useValue: readSettingsConfig(environment) },
        AuditRepository, ConfigRepository, KeyRepository, SwitchRepository, TenantRepository,
        TenantChanges, CreateKeyHandler, RevokeKeyHandler, UpdateConfigHandler, SwitchHandler, ReadSettingsHandler, ListSwitchablesHandler,
        RecordAuditHandler, PrepareDevelopmentHandler,
        AccountRepository, LinkCodeRepository, OwnedChatRepository, PersonRepository, LinkCodes,
        AddPersonHandler, RemovePersonHandler, CreateLinkCodeHandler, RedeemLinkCodeHandler, UnlinkAccountHandler, OwnedChatsHandler, ReadPeopleHandler, PruneLinkCodesHandler,
        WebhookRepository, DeliveryRepository, DeliveryDeskRepository,
        CreateWebhookHandler, ChangeWebhooksHandler, RecordEventsHandler, TryDelivery, DeliverEvents, UseDeliveriesHandler,
        WebhookRpc, SettingsRpc, DirectoryRpc, PeopleRpc, IdentityRpc,
      ],
    };
  }
}

/** Tenants, keys, people, configuration, what is switched off, webhooks, and the audit. */
export const settingsService: ServiceDefinition = {
  name: 'settings',
  defaultPort: defaultPorts.settings,
  storage: { schema: 'settings', migrations: [Settings1763610000000, People1764900000000, Webhook1764900100000] },
  module: (environment) => SettingsModule.with(environment),
};
