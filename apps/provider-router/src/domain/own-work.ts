import { AppError } from '@nexus/core';
import { isObject, type Body } from './asked-call.js';
import type { Endpoint } from './endpoint.js';
import type { Rounds } from './input-bound.js';

/** How often a provider's own tool may be used in a call whose client did not say. */
const USUAL_USES = 5;
const MOST_USES = 100;
const NONE: Rounds = { most: 0, searches: 0 };

/** What a provider may do by itself in a call, and the fields of the body that hold it to that. */
export interface OwnWork {
  readonly rounds: Rounds;
  readonly changes: Body;
}

/**
 * What the provider's own tools in a request may do, with a limit where the client set none. Throws AppError `unsupported_value` (400)
 * for tools whose cost has no bound.
 */
export function ownWorkOf(endpoint: Endpoint, body: Body): OwnWork {
  switch (endpoint) {
    case 'messages': return workOfMessages(body);
    case 'responses': return workOfResponses(body);
    case 'chat': return workOfChat(body);
    default: return { rounds: NONE, changes: {} };
  }
}

function workOfChat(body: Body): OwnWork {
  for (const tool of Array.isArray(body['tools']) ? (body['tools'] as unknown[]) : []) {
    const type = isObject(tool) ? tool['type'] : undefined;
    if (typeof type === 'string' && type !== 'function' && type !== 'custom') throw unbounded(`the tool "${type.slice(0, 60)}"`, 'tools');
  }
  return { rounds: isObject(body['web_search_options']) ? { most: 1, searches: 1 } : NONE, changes: {} };
}

/** Tools that the client carries out itself, by the beginning of their type. */
const CLIENT_TOOLS = /^(?:custom|bash|text_editor|computer|memory)(?:_|$)/;

function workOfMessages(body: Body): OwnWork {
  if (Array.isArray(body['mcp_servers']) && body['mcp_servers'].length > 0) throw unbounded('MCP servers that the provider calls', 'mcp_servers');
  const tools: readonly unknown[] = Array.isArray(body['tools']) ? body['tools'] : [];
  let [most, searches, isChanged] = [0, 0, false];
  const limited = tools.map((tool) => {
    const type = isObject(tool) ? tool['type'] : undefined;
    if (!isObject(tool) || typeof type !== 'string' || CLIENT_TOOLS.test(type)) return tool;
    const isSearch = type.startsWith('web_search_');
    if (!isSearch && !type.startsWith('web_fetch_')) throw unbounded(`the tool "${type.slice(0, 60)}"`, 'tools');
    const uses = usesOf(tool['max_uses']);
    most += uses;
    if (isSearch) searches += uses;
    if (tool['max_uses'] === uses) return tool;
    isChanged = true;
    return { ...tool, max_uses: uses };
  });
  return { rounds: most === 0 ? NONE : { most, searches }, changes: isChanged ? { tools: limited } : {} };
}

function workOfResponses(body: Body): OwnWork {
  if (body['background'] === true) throw new AppError('unsupported_value', 'A response in the background is not supported: its cost would be known to nobody who waits.', { status: 400, param: 'background' });
  const tools: readonly unknown[] = Array.isArray(body['tools']) ? body['tools'] : [];
  let hasSearch = false;
  for (const tool of tools) {
    const type = isObject(tool) ? tool['type'] : undefined;
    if (typeof type !== 'string' || /^(?:function|custom|namespace|local_shell|apply_patch|computer)/.test(type)) continue;
    if (!type.startsWith('web_search')) throw unbounded(`the tool "${type.slice(0, 60)}"`, 'tools');
    hasSearch = true;
  }
  if (!hasSearch) return { rounds: NONE, changes: {} };
  const uses = usesOf(body['max_tool_calls']);
  return { rounds: { most: uses, searches: uses }, changes: body['max_tool_calls'] === uses ? {} : { max_tool_calls: uses } };
}

function usesOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? Math.min(value, MOST_USES) : USUAL_USES;
}

function unbounded(what: string, param: string): AppError {
  return new AppError('unsupported_value', `What ${what} costs has no bound that could be kept inside a budget, so it is not supported.`, { status: 400, param });
}
