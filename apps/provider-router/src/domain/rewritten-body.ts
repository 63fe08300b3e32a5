import type { Body } from './asked-call.js';

/**
 * A body with its changes, in which undefined takes a field away. What is only added is written behind the bytes that are there, which
 * then stay as they were.
 */
export function rewritten(original: Buffer | undefined, body: Body, changes: Body): Buffer {
  if (!original) return Buffer.from(JSON.stringify({ ...body, ...changes }));
  const names = Object.keys(changes);
  if (names.length === 0) return original;
  if (names.some((name) => name in body)) return Buffer.from(JSON.stringify({ ...body, ...changes }));
  const end = original.lastIndexOf(CLOSING_BRACE);
  return Buffer.concat([original.subarray(0, end), Buffer.from(`,${JSON.stringify(changes).slice(1)}`)]);
}

const CLOSING_BRACE = 0x7d;
