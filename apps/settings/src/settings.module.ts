import { Module, type DynamicModule } from '@nestjs/common';
import { defaultPorts, type Environment, type ServiceDefinition } from '@nexus/runtime';
import { readSettingsConfig } from './config.js';
import { DirectoryRpc } from './directory.rpc.js';
import { CreateKeyHandler } from './handlers/create-key.handler.js';
import { ListSwitchablesHandler } from './handlers/list-switchables.handler.js';
import { PrepareDevelopmentHandler } from './handlers/prepare-development.handler.js';
import { ReadSettingsHandler } from './handlers/read-settings.handler.js';
import { RecordAuditHandler } from './handlers/record-audit.handler.js';
import { RevokeKeyHandler } from './handlers/revoke-key.handler.js';
import { SwitchHandler } from './handlers/switch.handler.js';
import { TenantChanges } from './handlers/tenant-changes.js';
import { UpdateConfigHandler } from './handlers/update-config.handler.js';
import { SettingsConsumer } from './settings.consumer.js';
import { SettingsRpc } from './settings.rpc.js';
import { AuditRepository } from './storage/audit.repository.js';
import { ConfigRepository } from './storage/config.repository.js';
import { KeyRepository } from './storage/key.repository.js';
import { Settings1763610000000 } from './storage/migrations/settings-1763610000000.js';
import { SwitchRepository } from './storage/switch.repository.js';
import { TenantRepository } from './storage/tenant.repository.js';
import { SETTINGS_CONFIG } from './tokens.js';

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
        SettingsRpc, DirectoryRpc,
      ],
    };
  }
}

/** Tenants, keys, configuration, what is switched off, and the audit. */
export const settingsService: ServiceDefinition = {
  name: 'settings',
  defaultPort: defaultPorts.settings,
  storage: { schema: 'settings', migrations: [Settings1763610000000] },
  module: (environment) => SettingsModule.with(environment),
};
