import type { Parameters, ToolDefinition } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { grammarSchemaOf, type JsonSchema } from './grammar-schema.js';

/** Tools as node-llama-cpp offers them. */
export type Functions = Readonly<Record<string, { readonly description?: string; readonly params?: JsonSchema }>>;

/** The form that an answer shall have. */
export type AskedForm =
  | { readonly kind: 'text' }
  /** Text, or calls of these. */
  | { readonly kind: 'tools'; readonly functions: Functions }
  /** One call: JSON of this schema, with `name` and `arguments`. `words` tells the model. */
  | { readonly kind: 'call'; readonly schema: JsonSchema; readonly words: string }
  /** JSON; of any form without a schema. */
  | { readonly kind: 'json'; readonly schema: JsonSchema | undefined };

/** What is asked for. Throws AppError `unsupported_value` or `invalid_value` (400) for what cannot be held to. */
export function askedFormOf(tools: readonly ToolDefinition[], parameters: Pick<Parameters, 'toolChoice' | 'responseSchema'> | undefined): AskedForm {
  const { toolChoice = '', responseSchema = '' } = parameters ?? {};
  const offered = toolChoice === 'none' ? [] : tools;
  if (offered.length > 0 && responseSchema !== '') throw new AppError('unsupported_value', 'A local model either calls tools or answers with JSON: leave one of them out.', { status: 400, param: 'response_format' });
  if (responseSchema !== '') return { kind: 'json', schema: responseSchema === '{}' ? undefined : grammarSchemaOf(parse(responseSchema, 'response_format')) };
  if (offered.length === 0) return { kind: 'text' };
  if (toolChoice === '' || toolChoice === 'auto') return { kind: 'tools', functions: Object.fromEntries(offered.map((tool) => [tool.name, functionOf(tool)])) };
  const wanted = toolChoice === 'required' ? offered : offered.filter(({ name }) => name === toolChoice);
  if (wanted.length === 0) throw new AppError('invalid_value', `There is no tool "${toolChoice.slice(0, 128)}".`, { status: 400, param: 'tool_choice' });
  return { kind: 'call', schema: { oneOf: wanted.map(callSchemaOf) }, words: wordsOf(wanted) };
}

function functionOf({ description, parameters }: ToolDefinition): { description?: string; params?: JsonSchema } {
  const params = grammarSchemaOf(parse(parameters || '{}', 'tools'));
  const hasParams = Object.keys((params['properties'] as JsonSchema | undefined) ?? {}).length > 0;
  return { ...(description !== '' && { description }), ...(hasParams && { params }) };
}

function callSchemaOf({ name, parameters }: ToolDefinition): JsonSchema {
  const schema = grammarSchemaOf(parse(parameters || '{}', 'tools'));
  return { type: 'object', properties: { name: { const: name }, arguments: { ...schema, type: 'object' } } };
}

function wordsOf(tools: readonly ToolDefinition[]): string {
  const list = tools.map(({ name, description, parameters }) => `${name}: ${description}\narguments (JSON Schema): ${parameters || '{}'}`).join('\n\n');
  return `Answer with one call of a function and nothing else, as JSON: {"name": "...", "arguments": {...}}\nFunctions:\n\n${list}`;
}

function parse(text: string, param: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid_value', 'A schema is no JSON.', { status: 400, param, cause });
  }
}
