import { createGroups } from '@nexus/channels';
import { AppError } from '@nexus/core';
import type { RuntimeConfig } from './config.js';
import { databaseUrls } from './database-urls.js';
import type { Logger } from './logger.js';
import { applyMigrations } from './open-database.js';
import type { ServiceDefinition } from './service-definition.js';

type PrepareConfig = Pick<RuntimeConfig, 'databaseUrl' | 'databaseAdminUrl' | 'serviceToken' | 'redisUrl' | 'redisPrefix'>;

/**
 * Makes what a service needs before its first replica starts, and nothing else: its schema with its roles, migrated to this version, and the
 * consumer groups it reads with, so that what waits for it can be counted while none of it runs. May be done again at any time, also while
 * replicas serve. Throws AppError `invalid_configuration` where there is no URL that may migrate.
 */
export async function prepareService(definition: ServiceDefinition, config: PrepareConfig, logger: Logger): Promise<void> {
  const { storage } = definition;
  if (storage !== undefined) {
    const urls = databaseUrls(storage.schema, { ...config, isMigrating: true });
    // a URL without a role is what services have that only serve
    if (urls.admin === undefined || new URL(urls.admin).username === '') throw new AppError('invalid_configuration', 'To prepare, DATABASE_ADMIN_URL must be set: Postgres as a role that may create roles and schemas.');
    await applyMigrations(storage, urls, logger);
  }
  const channels = await createGroups(config.redisUrl, definition.name, config.redisPrefix);
  logger.info({ schema: storage?.schema }, `service prepared; reads ${channels.join(', ') || 'no channel as a group'}`);
}
