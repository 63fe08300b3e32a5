import { unsupportedValue } from '../hub/input-error.js';
import type { ModelMessage } from '../hub/model-part.js';
import type { ModelRequest } from '../hub/model-request.js';
import { claudeModel } from './claude-model.js';
import { writeParts } from './write-parts.js';

type Block = Record<string, unknown>;

interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: Block[];
}

/** The conversation as Anthropic has it: what the system said before it, and turns of user and assistant one after the other. */
export interface WrittenMessages {
  readonly system: Block[];
  readonly messages: Turn[];
}

/**
 * Messages of one side that follow each other are one turn: all results of a turn's calls together, and before all else. What the system
 * says in the midst of the conversation stays there; where the model or the place does not allow it, it stands marked in the user's turn.
 * Throws AppError `unsupported_value` (400).
 */
export function writeMessages({ messages, model }: ModelRequest): WrittenMessages {
  const begin = messages.findIndex(({ role }) => role !== 'system');
  const leading = begin < 0 ? messages.length : begin;
  const { hasSystemTurns } = claudeModel(model);
  const turns: Turn[] = [];
  messages.forEach((message, i) => {
    if (i < leading) return;
    const content = blocksOf(message, i);
    if (content.length === 0) return;
    const isMarked = message.role === 'system' && !(hasSystemTurns && isPlaceOfSystem(messages, i));
    if (isMarked) add(turns, 'user', content.map((block) => ({ ...block, text: `<system>${String(block['text'])}</system>` })));
    else add(turns, message.role === 'tool' ? 'user' : message.role, content);
  });
  const system = messages.slice(0, leading).flatMap(blocksOf);
  // Anthropic wants a turn to answer, even where instructions are all that it gets.
  if (turns.length === 0) return { system: [], messages: system.length > 0 ? [{ role: 'user', content: system }] : [] };
  return { system, messages: turns.map(({ role, content }) => ({ role, content: resultsFirst(content) })) };
}

/** Between a user's turn and the answer to it. */
function isPlaceOfSystem(messages: readonly ModelMessage[], at: number): boolean {
  const before = messages.slice(0, at).findLast(({ role }) => role !== 'system');
  const after = messages.slice(at).find(({ role }) => role !== 'system');
  return (before?.role === 'user' || before?.role === 'tool') && (after === undefined || after.role === 'assistant');
}

function blocksOf({ role, parts }: ModelMessage, i: number): Block[] {
  const at = `messages[${i}].content`;
  if (role === 'system' && parts.some(({ kind }) => kind !== 'text')) throw unsupportedValue(at, 'Messages of the system hold text alone.');
  return writeParts(parts, at);
}

function add(turns: Turn[], role: Turn['role'], content: readonly Block[]): void {
  const last = turns.at(-1);
  if (last?.role === role) last.content.push(...content);
  else turns.push({ role, content: [...content] });
}

function resultsFirst(content: readonly Block[]): Block[] {
  const isResult = ({ type }: Block) => type === 'tool_result';
  return [...content.filter(isResult), ...content.filter((block) => !isResult(block))];
}

/** True when the conversation goes on after calls of a turn without a thought at its head. */
export function isAfterThoughtlessCall(messages: readonly Turn[]): boolean {
  const last = messages.findLast(({ role }) => role === 'assistant');
  const first = last?.content[0]?.['type'];
  return last?.content.some(({ type }) => type === 'tool_use') === true && first !== 'thinking' && first !== 'redacted_thinking';
}
