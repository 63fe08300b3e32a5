import { AppError } from '@nexus/core';
import { argumentPath } from './argument-path.js';
import type { ToolArguments } from './tool.js';

/** Bytes of arguments that are read at all. */
const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 64;

/**
 * The arguments of a call as a plain object. Takes JSON text, as models send it (empty text means no arguments), or an object.
 * Refuses what is not a JSON object, is over 256 KiB, nests deeper than 64 levels, or has a key `__proto__` anywhere.
 * Throws AppError `invalid_tool_arguments`, which never repeats the text.
 */
export function parseArguments(raw: string | object): ToolArguments {
  // Objects make the same way through JSON as text does: no prototypes, getters or class instances come in.
  const text = typeof raw === 'string' ? raw : toJson(raw);
  if (Buffer.byteLength(text) > MAX_BYTES) throw refused('arguments', `must be at most ${MAX_BYTES} bytes`);
  if (text.trim() === '') return {};
  const value = parse(text);
  if (!isRecord(value)) throw refused('arguments', 'must be a JSON object');
  refuseUnsafeKeys(value);
  return value;
}

/** The one shape of an argument error: `param` is the path, the message says the path and what is expected. */
function refused(path: string, expected: string): AppError {
  return new AppError('invalid_tool_arguments', `${path}: ${expected}`, { status: 400, param: path });
}

function toJson(raw: object): string {
  try {
    return JSON.stringify(raw) ?? '';
  } catch (cause) {
    throw new AppError('invalid_tool_arguments', 'arguments: must be representable as JSON', { status: 400, param: 'arguments', cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused('arguments', `must be a JSON object; this is not valid JSON${whereInvalid(error)}`);
  }
}

/** V8's message quotes the input, which may hold a secret; only the place is passed on. */
function whereInvalid(error: unknown): string {
  const message = String(error);
  if (message.includes('end of JSON input')) return ' (it ends too early)';
  const position = /position (\d+)/.exec(message)?.[1];
  return position === undefined ? '' : ` (at character ${position})`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseUnsafeKeys(root: Record<string, unknown>): void {
  const open: { value: object; path: string; depth: number }[] = [{ value: root, path: 'arguments', depth: 1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > MAX_DEPTH) throw refused('arguments', `must not nest deeper than ${MAX_DEPTH} levels`);
    if (Object.hasOwn(next.value, '__proto__')) throw refused(next.path, 'must not have a key named __proto__');
    for (const [key, value] of Object.entries(next.value)) {
      if (typeof value === 'object' && value !== null) open.push({ value: value as object, path: argumentPath(next.path, key, Array.isArray(next.value)), depth: next.depth + 1 });
    }
  }
}
