import { Role, type ChatMessage, type Conversation, type Parameters, type Part, type ToolDefinition } from '@nexus/contracts';
import { AppError, assertExhaustive } from '@nexus/core';

/** A run's conversation as the body of an OpenAI chat completion, without the model and the limit of its output. Throws AppError `invalid_request`. */
export function chatRequestOf(conversation: Conversation): Record<string, unknown> {
  return {
    messages: conversation.messages.flatMap(messagesOf),
    ...(conversation.tools.length > 0 && {
      tools: conversation.tools.map((tool) => ({
        type: 'function',
        function: { name: tool.name, description: tool.description, parameters: schemaOf(tool) },
      })),
    }),
    ...(conversation.parameters && parametersOf(conversation.parameters)),
  };
}

function schemaOf({ name, parameters }: ToolDefinition): unknown {
  try {
    return JSON.parse(parameters || '{"type":"object"}');
  } catch (cause) {
    throw new AppError('invalid_request', `The parameters of the tool "${name}" are no JSON Schema.`, { status: 400, param: 'tools', cause });
  }
}

/** Every result of a tool is a message of its own. */
function messagesOf(message: ChatMessage): Record<string, unknown>[] {
  const parts = message.parts.map((part) => part.kind);
  const results = parts.flatMap((kind) => (kind.case === 'toolResult' ? [{ role: 'tool', tool_call_id: kind.value.callId, content: kind.value.text }] : []));
  if (message.role === Role.TOOL && results.length > 0) return results;
  const calls = parts.flatMap((kind) => (kind.case === 'toolCall' ? [{ id: kind.value.id, type: 'function', function: { name: kind.value.name, arguments: kind.value.arguments } }] : []));
  const content = contentOf(parts);
  return [{ role: roleOf(message.role), content: content === '' && calls.length > 0 ? null : content, ...(calls.length > 0 && { tool_calls: calls }) }];
}

/** Text alone is a string, the form that every provider takes. */
function contentOf(parts: readonly Part['kind'][]): unknown {
  const text = parts.flatMap((kind) => (kind.case === 'text' ? [kind.value] : []));
  if (!parts.some((kind) => kind.case === 'image')) return text.join('');
  return parts.flatMap((kind): Record<string, unknown>[] => {
    if (kind.case === 'text') return [{ type: 'text', text: kind.value }];
    return kind.case === 'image' ? [{ type: 'image_url', image_url: { url: kind.value.url } }] : [];
  });
}

function roleOf(role: Role): string {
  switch (role) {
    case Role.SYSTEM: return 'system';
    case Role.USER: return 'user';
    case Role.ASSISTANT: return 'assistant';
    case Role.TOOL: return 'tool';
    case Role.UNSPECIFIED: return 'user';
    default: return assertExhaustive(role);
  }
}

const TOOL_CHOICES = new Set(['auto', 'none', 'required']);

function parametersOf(parameters: Parameters): Record<string, unknown> {
  const { temperature, topP, stop, toolChoice, seed } = parameters;
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(stop.length > 0 && { stop }),
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(toolChoice && { tool_choice: TOOL_CHOICES.has(toolChoice) ? toolChoice : { type: 'function', function: { name: toolChoice } } }),
  };
}
