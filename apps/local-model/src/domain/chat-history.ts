import { Role, type ChatMessage, type Part, type ToolCall, type ToolResult } from '@nexus/contracts';
import { AppError } from '@nexus/core';

/** A call that the model made, with what came of it. */
export interface HistoryCall {
  readonly type: 'functionCall';
  readonly name: string;
  readonly params: unknown;
  result: unknown;
}

/** What the model thought. */
interface HistoryThought {
  readonly type: 'segment';
  readonly segmentType: 'thought';
  readonly text: string;
  readonly ended: true;
}

/** One turn of a conversation as node-llama-cpp has them. */
export type HistoryItem =
  | { readonly type: 'system' | 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: (string | HistoryCall | HistoryThought)[] };

/**
 * A conversation that ends with the turn of the model that is to be written: a new one, or one whose calls have their results. Throws
 * AppError `unsupported_value` for pictures, `invalid_value` for a result that no call asked for (both 400).
 */
export function chatHistoryOf(messages: readonly ChatMessage[]): HistoryItem[] {
  const history: HistoryItem[] = [];
  let open: { readonly id: string; readonly call: HistoryCall }[] = [];
  for (const { role, parts } of messages) {
    if (role === Role.ASSISTANT) {
      const turn = modelTurn(history);
      for (const { kind } of parts) {
        if (kind.case === 'toolCall') {
          const call = callOf(kind.value);
          open.push({ id: kind.value.id, call });
          turn.push(call);
        } else if (kind.case === 'reasoning') turn.push({ type: 'segment', segmentType: 'thought', text: kind.value, ended: true });
        else turn.push(textOf(kind));
      }
    } else if (role === Role.TOOL) {
      for (const { kind } of parts) {
        if (kind.case !== 'toolResult') throw unsupported('A message of a tool holds nothing but results.');
        const asked = open.find(({ id }) => id === kind.value.callId) ?? open.find(({ call }) => call.name === kind.value.name);
        if (!asked) throw new AppError('invalid_value', `No call "${kind.value.callId}" waits for a result.`, { status: 400, param: 'messages' });
        asked.call.result = resultOf(kind.value);
        open = open.filter((it) => it !== asked);
      }
    } else {
      history.push({ type: role === Role.SYSTEM ? 'system' : 'user', text: parts.map(({ kind }) => textOf(kind)).join('') });
    }
  }
  modelTurn(history);
  return history;
}

function modelTurn(history: HistoryItem[]): (string | HistoryCall | HistoryThought)[] {
  const last = history.at(-1);
  if (last?.type === 'model') return last.response;
  const turn: HistoryItem = { type: 'model', response: [] };
  history.push(turn);
  return turn.response;
}

function textOf(kind: Part['kind']): string {
  if (kind.case === 'text' || kind.case === 'refusal') return kind.value;
  throw unsupported(kind.case === 'image' ? 'This model takes no pictures.' : 'A message holds what has no place in it.');
}

/** Arguments that are no JSON stand as the text that they are. */
function callOf({ name, arguments: text }: ToolCall): HistoryCall {
  let params: unknown = text;
  try {
    params = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    // the model is shown what it wrote
  }
  return { type: 'functionCall', name, params, result: undefined };
}

function resultOf({ text, isError, images }: ToolResult): unknown {
  if (images.length > 0) throw unsupported('This model takes no pictures.');
  return isError ? { error: text } : text;
}

function unsupported(message: string): AppError {
  return new AppError('unsupported_value', message, { status: 400, param: 'messages' });
}
