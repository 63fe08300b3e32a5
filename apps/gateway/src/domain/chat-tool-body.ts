import { invalidInput, isRecord, wrongType } from './invalid-input.js';

/** A tool that a chat body offers, checked as far as NEXUS reads it. */
export interface ChatBodyTool {
  readonly type: string;
  readonly function?: { readonly name: string };
}

/** A tool call of an assistant's message, checked as far as NEXUS reads it. */
export interface ToolCallBody {
  readonly id: string;
  readonly type: string;
  readonly function?: { readonly name: string; readonly arguments: string };
}

/**
 * Throws an AppError (400) that names the first tool that is wrong. Types besides `function` and `custom` are left to the provider,
 * for some have tools of their own.
 */
export function checkTools(tools: unknown): void {
  if (!Array.isArray(tools)) throw wrongType('tools', 'an array of tools', tools);
  for (let i = 0; i < tools.length; i++) checkTool(tools[i], `tools[${i}]`);
}

function checkTool(tool: unknown, at: string): void {
  if (!isRecord(tool)) throw wrongType(at, 'an object', tool);
  if (typeof tool.type !== 'string') throw wrongType(`${at}.type`, '"function"', tool.type);
  if (tool.type !== 'function' && tool.type !== 'custom') return;
  const definition = tool[tool.type];
  if (!isRecord(definition)) throw wrongType(`${at}.${tool.type}`, 'an object', definition);
  checkName(definition.name, `${at}.${tool.type}.name`);
  if (tool.type === 'function' && definition.parameters !== undefined && definition.parameters !== null && !isRecord(definition.parameters)) {
    throw wrongType(`${at}.function.parameters`, 'a JSON Schema object', definition.parameters);
  }
}

/** Throws an AppError (400) that names the first call that is wrong. */
export function checkToolCalls(calls: unknown, at: string): void {
  if (!Array.isArray(calls)) throw wrongType(at, 'an array of tool calls', calls);
  for (let i = 0; i < calls.length; i++) checkToolCall(calls[i], `${at}[${i}]`);
}

function checkToolCall(call: unknown, at: string): void {
  if (!isRecord(call)) throw wrongType(at, 'an object', call);
  if (typeof call.id !== 'string') throw wrongType(`${at}.id`, 'a string', call.id);
  if (call.type !== 'function') {
    if (typeof call.type !== 'string') throw wrongType(`${at}.type`, '"function"', call.type);
    return;
  }
  if (!isRecord(call.function)) throw wrongType(`${at}.function`, 'an object', call.function);
  checkName(call.function.name, `${at}.function.name`);
  if (typeof call.function.arguments !== 'string') throw wrongType(`${at}.function.arguments`, 'JSON as a string', call.function.arguments);
}

function checkName(name: unknown, at: string): void {
  if (typeof name !== 'string') throw wrongType(at, 'a string', name);
  if (name === '') throw invalidInput('invalid_value', at, `Invalid '${at}': a name must not be empty.`);
}
