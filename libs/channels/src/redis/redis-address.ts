import { AppError } from '@nexus/core';

/** Where a Redis is, and as whom one speaks to it. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** The logical database; 0 by default. */
  readonly database: number;
}

/**
 * Reads `redis://user:password@host:port/database`; `rediss://` is TLS, an IPv6 address stands in brackets, and what has a meaning in
 * URLs is percent-encoded. Throws an AppError `invalid_redis_url`, which shows nothing of the URL.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') throw invalid('must look like redis://user:password@host:port/database');
  const database = url.pathname.replace(/^\/|\/$/g, '');
  if (!/^\d*$/.test(database)) throw invalid('must end in the number of a logical database, if in anything');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    isTls: url.protocol === 'rediss:',
    user: decode(url.username),
    password: decode(url.password),
    database: Number(database),
  };
}

/** A percent sign that encodes nothing is one. */
function decode(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function invalid(advice: string): AppError {
  return new AppError('invalid_redis_url', `The URL of Redis ${advice}.`);
}
