import { create } from '@bufbuild/protobuf';
import { ChatMessageSchema, PartSchema, Role, ToolCallSchema, ToolResultSchema, type ChatMessage, type Part, type ToolCall, type ToolResult } from '@nexus/contracts';
import { argumentJson } from './argument-json.js';
import { textOf, toolCallsIn } from './model-answer.js';
import { readToolCalls } from './text-tool-calls.js';

/** Knows the tools that a run may use. */
export interface ToolRules {
  readonly names: readonly string[];
  has(name: string): boolean;
  /** What is wrong with these arguments (the text of a JSON object), each with its path; undefined when they fit the tool's schema. */
  objectionTo(name: string, json: string): string | undefined;
}

export interface UnderstoodAnswer {
  /** Every call is a tool call part with an id that is unique in the run; arguments are the text of a JSON object where one was found. */
  readonly message: ChatMessage;
  /** Answers to the calls that must not be made. */
  readonly invalidCalls: readonly ToolResult[];
}

/**
 * Understands what a model asked for, however it wrote it: native tool calls, else calls inside its text (only when it was offered
 * tools). A call of an unknown tool, or with arguments that do not fit the tool's schema, is answered with what is wrong.
 */
export function understandAnswer(message: ChatMessage, tools: ToolRules, context: { readonly step: number; readonly mayCallTools: boolean; readonly usedIds: ReadonlySet<string> }): UnderstoodAnswer {
  const native = toolCallsIn(message);
  const read = native.length === 0 && context.mayCallTools ? readToolCalls(textOf(message), (name) => tools.has(name)) : undefined;
  const written = native.length > 0 ? native : (read?.calls ?? []).map((call) => create(ToolCallSchema, call));
  if (written.length === 0) return { message, invalidCalls: [] };
  const used = new Set(context.usedIds);
  const invalidCalls: ToolResult[] = [];
  const calls = written.map((call, index) => {
    const id = call.id !== '' && !used.has(call.id) ? call.id : freeId(`call_${context.step}_${index}`, used);
    used.add(id);
    const json = argumentJson(call.arguments);
    const objection = objectionTo(call, json, tools);
    if (objection !== undefined) invalidCalls.push(create(ToolResultSchema, { callId: id, name: call.name, text: objection, isError: true }));
    return create(ToolCallSchema, { id, name: call.name, arguments: json ?? call.arguments });
  });
  const said = message.parts.filter((part) => part.kind.case !== 'toolCall' && (read === undefined || part.kind.case !== 'text'));
  const prose = read === undefined || read.prose === '' ? [] : [part({ case: 'text', value: read.prose })];
  return {
    message: create(ChatMessageSchema, { role: Role.ASSISTANT, parts: [...said, ...prose, ...calls.map((value) => part({ case: 'toolCall', value }))] }),
    invalidCalls,
  };
}

function freeId(wanted: string, used: ReadonlySet<string>): string {
  let id = wanted;
  for (let next = 2; used.has(id); next++) id = `${wanted}_${next}`;
  return id;
}

function objectionTo(call: ToolCall, json: string | undefined, tools: ToolRules): string | undefined {
  if (!tools.has(call.name)) return `There is no tool named ${JSON.stringify(call.name.slice(0, 100))}. The tools are: ${tools.names.join(', ') || 'none'}.`;
  if (json === undefined) return 'The arguments are not a JSON object. Call the tool again with arguments as one JSON object.';
  const objection = tools.objectionTo(call.name, json);
  return objection === undefined ? undefined : `The arguments do not fit the tool's schema: ${objection}. Call the tool again with corrected arguments.`;
}

const part = (kind: Part['kind']): Part => create(PartSchema, { kind });
