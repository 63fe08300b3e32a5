import type { CacheLife } from '../hub/model-part.js';
import { objectOf } from '../hub/json-object.js';

/** The `cache` of a part, to be spread; nothing where the block has no breakpoint. */
export function readCache({ cache_control: control }: { readonly cache_control?: unknown }): { readonly cache?: CacheLife } {
  const { type, ttl } = objectOf(control);
  if (type !== 'ephemeral') return {};
  return { cache: ttl === '1h' ? '1h' : '5m' };
}

/** The `cache_control` of a block, to be spread. Five minutes is what Anthropic means without saying so. */
export function writeCache(cache: CacheLife | undefined): Record<string, unknown> {
  if (cache === undefined) return {};
  return { cache_control: cache === '1h' ? { type: 'ephemeral', ttl: '1h' } : { type: 'ephemeral' } };
}
