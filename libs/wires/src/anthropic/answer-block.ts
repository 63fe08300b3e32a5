import { callId } from './call-id.js';

/** A block of text in an answer, still empty. */
export function textBlock(): Record<string, unknown> {
  return { type: 'text', text: '', citations: null };
}

/** A call in an answer, still without its input. The model itself makes it, no program of its own. */
export function callBlock({ id, name }: { readonly id: string; readonly name: string }): Record<string, unknown> {
  return { type: 'tool_use', id: callId(id), name, input: {}, caller: { type: 'direct' } };
}
