import { createHmac } from 'node:crypto';
import { AppError } from '@nexus/core';
import { rolesOf, servingUrl } from '@nexus/postgres';
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
  const { serving: role } = rolesOf(schema);
  const given = new URL(base);
  const isServingUrl = decodeURIComponent(given.username) === role;
  const servingPassword = isServingUrl ? decodeURIComponent(given.password) : passwordOf(role, config.serviceToken);
  const admin = config.databaseAdminUrl ?? (isServingUrl ? undefined : base);
  return {
    serving: servingUrl(base, schema, servingPassword),
    servingPassword: servingPassword === '' ? undefined : servingPassword,
    admin: config.isMigrating ? admin : undefined,
  };
}

function passwordOf(role: string, serviceToken: string): string {
  return createHmac('sha256', serviceToken).update(`postgres role ${role}`).digest('base64url');
}
