import { Role, type ChatMessage, type Conversation, type Image, type Parameters, type Part, type ToolDefinition } from '@nexus/contracts';
import { AppError, assertExhaustive } from '@nexus/core';
import type { MediaSource, ModelMessage, ModelPart, ModelRequest, ReasoningEffort, ResponseFormat, ToolChoice, ToolSpec } from '@nexus/wires';

/** A run's conversation in no wire's own form. Throws AppError `invalid_request` (400). */
export function modelRequestOf({ messages, tools, parameters }: Conversation, model: string, isStream: boolean): ModelRequest {
  return { model, isStream, messages: messages.map(messageOf), tools: tools.map(toolOf), ...(parameters ? parametersOf(parameters) : { stop: [] }) };
}

function toolOf({ name, description, parameters }: ToolDefinition): ToolSpec {
  const schema = jsonObject(parameters || '{"type":"object"}');
  if (!schema) throw new AppError('invalid_request', `The parameters of the tool "${name}" are no JSON Schema.`, { status: 400, param: 'tools' });
  return { name, description: description || undefined, parameters: schema };
}

function messageOf({ role, parts }: ChatMessage): ModelMessage {
  return { role: roleOf(role), parts: parts.flatMap(partOf) };
}

function partOf({ kind, signature }: Part): ModelPart[] {
  const signed = signature === '' ? {} : { signature };
  switch (kind.case) {
    case 'text': return [{ kind: 'text', text: kind.value, ...signed }];
    case 'image': return [{ kind: 'image', source: sourceOf(kind.value) }];
    case 'toolCall': return [{ kind: 'tool_call', id: kind.value.id, name: kind.value.name, arguments: kind.value.arguments, ...signed }];
    case 'toolResult': {
      const { callId, name, text, isError, images } = kind.value;
      const pictures = images.map((image) => ({ kind: 'image' as const, source: sourceOf(image) }));
      return [{ kind: 'tool_result', callId, ...(name !== '' && { name }), parts: text === '' && pictures.length > 0 ? pictures : [{ kind: 'text', text }, ...pictures], isError }];
    }
    case 'reasoning': return [{ kind: 'reasoning', text: kind.value, ...signed, ...(kind.value === '' && signature !== '' && { isRedacted: true }) }];
    case 'refusal': return [{ kind: 'refusal', text: kind.value }];
    case undefined: return [];
    default: return assertExhaustive(kind);
  }
}

const DATA_URL = /^data:([^;,]*)(?:;[^;,]*)*;base64,/i;

function sourceOf({ url, mediaType }: Image): MediaSource {
  const data = DATA_URL.exec(url);
  return data ? { base64: url.slice(data[0].length), mediaType: data[1] || mediaType || 'image/png' } : { url };
}

function roleOf(role: Role): ModelMessage['role'] {
  switch (role) {
    case Role.SYSTEM: return 'system';
    case Role.USER: return 'user';
    case Role.ASSISTANT: return 'assistant';
    case Role.TOOL: return 'tool';
    case Role.UNSPECIFIED: return 'user';
    default: return assertExhaustive(role);
  }
}

const TOOL_CHOICES: ReadonlySet<string> = new Set(['auto', 'none', 'required']);
const EFFORTS: ReadonlySet<string> = new Set<ReasoningEffort>(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

function parametersOf({ temperature, topP, stop, toolChoice, seed, maxOutputTokens, responseSchema, reasoningEffort }: Parameters): Pick<ModelRequest, 'stop'> & Partial<ModelRequest> {
  const limit = Number(maxOutputTokens ?? 0n);
  return {
    stop,
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(limit > 0 && { maxOutputTokens: limit }),
    ...(toolChoice !== '' && { toolChoice: toolChoiceOf(toolChoice) }),
    ...(responseSchema !== '' && { responseFormat: formatOf(responseSchema) }),
    ...(reasoningEffort !== '' && { reasoning: { effort: effortOf(reasoningEffort) } }),
  };
}

function toolChoiceOf(choice: string): ToolChoice {
  return isPlainChoice(choice) ? { kind: choice } : { kind: 'tool', name: choice };
}

function isPlainChoice(choice: string): choice is 'auto' | 'none' | 'required' {
  return TOOL_CHOICES.has(choice);
}

function formatOf(text: string): ResponseFormat {
  const schema = jsonObject(text);
  if (!schema) throw new AppError('invalid_request', 'The schema of the answer is no JSON Schema.', { status: 400, param: 'response_schema' });
  return { kind: 'schema', name: 'answer', schema, isStrict: isClosed(schema) };
}

/** Providers enforce schemas whose objects have all the properties that they name, and no others; the rest is a strong wish. */
function isClosed(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isClosed);
  if (typeof schema !== 'object' || schema === null) return true;
  const { type, properties, required, additionalProperties } = schema as Record<string, unknown>;
  const names = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  const isObject = type === 'object' || names.length > 0;
  if (isObject && (additionalProperties !== false || !Array.isArray(required) || names.some((name) => !required.includes(name)))) return false;
  return Object.values(schema).every(isClosed);
}

function effortOf(effort: string): ReasoningEffort {
  if (isEffort(effort)) return effort;
  throw new AppError('invalid_request', `The reasoning effort must be one of ${[...EFFORTS].join(', ')}.`, { status: 400, param: 'reasoning_effort' });
}

function isEffort(text: string): text is ReasoningEffort {
  return EFFORTS.has(text);
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
