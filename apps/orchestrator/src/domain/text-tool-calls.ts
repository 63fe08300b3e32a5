import { findJson } from './find-json.js';

/** A call that the model wrote into its text. */
export interface WrittenCall {
  readonly name: string;
  /** As the model wrote them, or as JSON text when they stood in an object. */
  readonly arguments: string;
}

export interface ReadText {
  /** What is left of the text around the calls. */
  readonly prose: string;
  readonly calls: readonly WrittenCall[];
}

const NAME_KEYS = ['name', 'tool', 'tool_name', 'function', 'action'] as const;
const ARGUMENT_KEYS = ['arguments', 'parameters', 'args', 'input', 'action_input'] as const;
/** Fences and tags that held nothing but a call. */
const EMPTY_WRAPPER = /```[\w-]*\s*```|<(tool_calls?|function_calls?)>\s*<\/\1>/g;

/**
 * The tool calls in a text: JSON alone, in a fence, in tags, or with prose around it. Only JSON that names one of the known tools is
 * a call, so that an answer which happens to hold JSON stays an answer.
 */
export function readToolCalls(text: string, isKnown: (name: string) => boolean): ReadText {
  const calls: WrittenCall[] = [];
  let prose = '';
  let at = 0;
  for (const { start, end, value } of findJson(text)) {
    const written = callsIn(value, isKnown);
    if (written.length === 0) continue;
    calls.push(...written);
    prose += text.slice(at, start);
    at = end;
  }
  if (calls.length === 0) return { prose: text, calls };
  return { prose: (prose + text.slice(at)).replace(EMPTY_WRAPPER, '').trim(), calls };
}

/** All or nothing: a list in which something is not a call is not a list of calls. */
function callsIn(value: object, isKnown: (name: string) => boolean): readonly WrittenCall[] {
  const listed: unknown = 'tool_calls' in value ? value.tool_calls : value;
  if (!Array.isArray(listed)) return callIn(value, isKnown);
  const calls = listed.map((one: unknown) => (isRecord(one) ? callIn(one, isKnown) : []));
  return calls.every((one) => one.length === 1) ? calls.flat() : [];
}

function callIn(value: object, isKnown: (name: string) => boolean): readonly WrittenCall[] {
  const fields = value as Record<string, unknown>;
  if (isRecord(fields['function'])) return callIn(fields['function'], isKnown);
  const nameKey = NAME_KEYS.find((key) => typeof fields[key] === 'string' && isKnown(fields[key]));
  if (nameKey === undefined) return [];
  const name = fields[nameKey] as string;
  const argumentKey = ARGUMENT_KEYS.find((key) => key in fields);
  if (argumentKey !== undefined) return [{ name, arguments: asText(fields[argumentKey]) }];
  const rest = Object.fromEntries(Object.entries(fields).filter(([key]) => key !== nameKey && key !== 'type' && key !== 'id'));
  // {"name": ..., "age": ...} is someone's record: beside `name` the arguments need a key of their own
  return nameKey === 'name' && Object.keys(rest).length > 0 ? [] : [{ name, arguments: JSON.stringify(rest) }];
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? {}));

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
