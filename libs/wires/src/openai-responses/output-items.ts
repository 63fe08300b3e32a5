import type { ReasoningPart, RefusalPart, TextPart, ToolCallPart } from '../hub/model-part.js';
import type { ToolSpec } from '../hub/model-request.js';
import { clientName, freeformInput } from './freeform.js';
import { ownSignature, shownSignature } from './signature.js';

/** An item of a response's output, as its client reads it. */
export type OutputItem = Record<string, unknown>;

/** How far an item has come; nothing of it is shown while it is in progress. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** A message; `id` begins with `msg_`. */
export function messageItem(id: string, parts: readonly (TextPart | RefusalPart)[], status: ItemStatus): OutputItem {
  return { id, type: 'message', role: 'assistant', status, content: parts.map(contentOf) };
}

/** A text or a refusal in a message. */
export function contentOf(part: TextPart | RefusalPart): OutputItem {
  return part.kind === 'text' ? { type: 'output_text', text: part.text, annotations: [], logprobs: [] } : { type: 'refusal', refusal: part.text };
}

/** A thought: its text as the summary, its proof as what is encrypted. OpenAI's own keeps the id that the proof belongs to. */
export function reasoningItem(id: string, part: ReasoningPart, status: ItemStatus): OutputItem {
  const ownId = ownSignature(part.signature)?.id;
  return { id: ownId === undefined || ownId === '' ? id : ownId, type: 'reasoning', status, summary: part.text === '' ? [] : [summaryOf(part.text)], encrypted_content: shownSignature(part) };
}

/** A paragraph of a thought. */
export function summaryOf(text: string): OutputItem {
  return { type: 'summary_text', text };
}

/** A call in the client's own words: plain text for a tool that takes it, else JSON, which is an empty object when there is none. */
export function callItem(id: string, part: ToolCallPart, tools: readonly ToolSpec[], status: ItemStatus): OutputItem {
  const tool = tools.find(({ name }) => name === part.name);
  const head = { id, call_id: part.id, ...clientName(part.name, tool) };
  if (tool?.freeform) return { ...head, type: 'custom_tool_call', status, input: status === 'in_progress' ? '' : freeformInput(part.arguments) };
  return { ...head, type: 'function_call', status, arguments: status === 'completed' && part.arguments === '' ? '{}' : part.arguments };
}

/** The status of an item of an answer that has ended: of one that was cut off the last item was. */
export function endStatus(place: number, items: number, isWhole: boolean): ItemStatus {
  return isWhole || place < items - 1 ? 'completed' : 'incomplete';
}
