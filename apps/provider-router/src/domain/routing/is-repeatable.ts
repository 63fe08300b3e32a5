import { Wire } from '@nexus/contracts';
import { isObject, type AskedByClient, type Body } from '../asked-call.js';
import { readsKept } from '../input-bound.js';

/** What an answer would hold that is not kept, or hangs on what a provider keeps and on what happens in the world. */
const ASKED_ANEW: readonly string[] = ['logprobs', 'top_logprobs', 'background', 'audio', 'web_search_options', 'previous_response_id', 'conversation', 'prompt', 'container', 'mcp_servers'];

/**
 * True when an answer that was given before says all that a new one would: one choice, of text and calls of the client's own tools, to
 * what is in the request alone, and not stored at a provider, where the conversation could be taken up again.
 */
export function isRepeatable({ client: { wire, body } }: AskedByClient): boolean {
  if ((body['n'] ?? 1) !== 1 || ASKED_ANEW.some((field) => isAsked(body[field])) || readsKept(body)) return false;
  if (wire === Wire.OPENAI_RESPONSES ? body['store'] !== false : body['store'] === true) return false;
  return !listOf(body, 'modalities').includes('audio') && !listOf(body, 'tools').some(isOfProvider) && listOf(body, 'include').every((extra) => extra === 'reasoning.encrypted_content');
}

function isAsked(value: unknown): boolean {
  return Boolean(value) && !(Array.isArray(value) && value.length === 0);
}

function listOf(body: Body, field: string): readonly unknown[] {
  const list = body[field];
  return Array.isArray(list) ? list : [];
}

function isOfProvider(tool: unknown): boolean {
  return isObject(tool) && typeof tool['type'] === 'string' && tool['type'].startsWith('web_');
}
