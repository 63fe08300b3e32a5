import { readChatUsage } from '@nexus/wires';
import type { Usage } from '../provider-outcome.js';

/** What a provider told was used, in exclusive buckets; undefined when it told nothing. */
export function readUsage(value: unknown): Usage | undefined {
  const told = readChatUsage(value);
  return told && { ...told, estimated: false };
}
