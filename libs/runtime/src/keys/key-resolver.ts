import { createHash } from 'node:crypto';
import { KeyKind, SettingsChanged_Kind, type Key, type SettingsChanged } from '@nexus/contracts';
import type { Clock } from '@nexus/core';
import { ExpiringCache } from '../expiring-cache.js';
import type { ServiceClients } from '../rpc/service-clients.js';
import { asService } from '../rpc/call-options.js';

/** A key that is valid, and the tenant it belongs to. */
export interface ResolvedKey {
  readonly tenantId: string;
  readonly key: Key;
}

const KEEP_MS = 30_000;
const KEEP_UNKNOWN_MS = 5_000;
/** Secrets whose hash is remembered, so that a hot path need not hash. */
const KNOWN_SECRETS = 10_000;

/**
 * Turns a secret into its key by asking DirectoryService for the hash. Answers are kept 30 s, unknown secrets 5 s; settings.changed
 * drops them at once. Rejects with a retryable AppError when the directory cannot be asked.
 */
export class KeyResolver {
  private readonly cache: ExpiringCache<ResolvedKey | null>;
  private readonly hashes = new Map<string, string>();

  constructor(clients: Pick<ServiceClients, 'directory'>, clock: Clock) {
    this.cache = new ExpiringCache<ResolvedKey | null>({
      clock,
      load: (hash) => lookUp(clients, hash),
      keepMs: (resolved) => (resolved === null ? KEEP_UNKNOWN_MS : KEEP_MS),
    });
  }

  async resolve(secret: string): Promise<ResolvedKey | undefined> {
    if (secret === '') return undefined;
    const hash = hashOf(secret).toString('hex');
    const resolved = await this.cache.get(hash);
    if (resolved === null) return undefined;
    if (this.hashes.size >= KNOWN_SECRETS) this.hashes.clear();
    this.hashes.set(secret, hash);
    return resolved;
  }

  /** The same for who kept only the hash of the secret, as hex digits: a key that was revoked since is not known any more. */
  async resolveHash(hash: string): Promise<ResolvedKey | undefined> {
    return (await this.cache.get(hash)) ?? undefined;
  }

  /** The key if it is known to be valid at this moment, without asking or hashing; undefined says nothing: resolve() it. */
  peek(secret: string): ResolvedKey | undefined {
    const hash = this.hashes.get(secret);
    return hash === undefined ? undefined : (this.cache.peek(hash) ?? undefined);
  }

  /** To be called for each settings.changed. */
  onSettingsChanged(change: SettingsChanged): void {
    if (change.kind !== SettingsChanged_Kind.KEY && change.kind !== SettingsChanged_Kind.TENANT) return;
    this.cache.forget((resolved) => resolved === null || change.tenantId === '' || resolved.tenantId === change.tenantId);
  }
}

/** SHA-256: what is stored and sent of a secret. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** True when the key may publish messages of this surface: any API key, and surface keys that name it or name none. */
export function mayPublishFor(key: Key, surface: string): boolean {
  return key.kind === KeyKind.API || key.surfaces.length === 0 || key.surfaces.includes(surface);
}

async function lookUp(clients: Pick<ServiceClients, 'directory'>, hash: string): Promise<ResolvedKey | null> {
  const { tenantId, key } = await clients.directory.resolveKey({ hash: Buffer.from(hash, 'hex') }, asService());
  return key === undefined || tenantId === '' ? null : { tenantId, key };
}
