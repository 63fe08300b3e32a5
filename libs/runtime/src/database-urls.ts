import { createHmac } from 'node:crypto';
import { AppError } from '@nexus/core';
import type { RuntimeConfig } from './config.js';

/** How one service reaches its schema. */
export interface DatabaseUrls {
  /** As the serving role, which row-level security holds. */
  readonly serving: string;
  /** Password of the serving role; set by the migration. */
  readonly servingPassword: string | undefined;
  /** As a role that migrates; undefined when migrations are not this process's concern. */
  readonly admin: string | undefined;
}

/**
 * DATABASE_URL as the role nexus_<schema> serves. As any other role it is the administrator's: the service migrates and serves as
 * nexus_<schema>, with a password made from the service token, so that every replica knows it without being told.
 */
export function databaseUrls(schema: string, config: Pick<RuntimeConfig, 'databaseUrl' | 'databaseAdminUrl' | 'isMigrating' | 'serviceToken'>): DatabaseUrls {
  const base = config.databaseUrl ?? config.databaseAdminUrl;
  if (base === undefined) {
    throw new AppError('invalid_configuration', 'DATABASE_URL must be set, e.g. postgres://postgres:postgres@127.0.0.1:5432/nexus');
  }
  const role = `nexus_${schema}`;
  const serving = new URL(base);
  const isServingUrl = decodeURIComponent(serving.username) === role;
  const admin = config.databaseAdminUrl ?? (isServingUrl ? undefined : base);
  if (!isServingUrl) {
    serving.username = role;
    serving.password = createHmac('sha256', config.serviceToken).update(`postgres role ${role}`).digest('base64url');
  }
  return {
    serving: serving.href,
    servingPassword: serving.password === '' ? undefined : decodeURIComponent(serving.password),
    admin: config.isMigrating ? admin : undefined,
  };
}
