import { create } from '@bufbuild/protobuf';
import { ChatMessageSchema, PartSchema, Role, type ChatMessage, type Part } from '@nexus/contracts';
import type { ChatBodyMessage, ContentPartBody } from './chat-message-body.js';
import type { ToolCallBody } from './chat-tool-body.js';
import { invalidInput } from './invalid-input.js';

/**
 * OpenAI's messages as NEXUS keeps them, in the same order. Throws an AppError (400) that names what has no form in NEXUS
 * (audio, files, deprecated function messages).
 */
export function toChatMessages(messages: readonly ChatBodyMessage[]): ChatMessage[] {
  const toolNames = new Map<string, string>();
  return messages.map((message, i) => {
    const at = `messages[${i}]`;
    switch (message.role) {
      case 'developer':
      case 'system':
        return chatMessage(Role.SYSTEM, contentParts(message.content, at));
      case 'user':
        return chatMessage(Role.USER, contentParts(message.content, at));
      case 'assistant': {
        for (const call of message.tool_calls ?? []) if (call.function) toolNames.set(call.id, call.function.name);
        return chatMessage(Role.ASSISTANT, [...contentParts(message.content, at), ...toolCallParts(message.tool_calls ?? [], at)]);
      }
      case 'tool':
        return chatMessage(Role.TOOL, [toolResultPart(message, toolNames)]);
      case 'function':
        throw invalidInput('unsupported_value', `${at}.role`, `Invalid '${at}.role': an agent takes tool messages, not the deprecated function messages.`);
    }
  });
}

function chatMessage(role: Role, parts: Part[]): ChatMessage {
  return create(ChatMessageSchema, { role, parts });
}

function part(kind: Part['kind']): Part {
  return create(PartSchema, { kind });
}

function contentParts(content: ChatBodyMessage['content'], at: string): Part[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [part({ case: 'text', value: content })];
  return content.map((item, i) => contentPart(item, `${at}.content[${i}]`));
}

function contentPart(item: ContentPartBody, at: string): Part {
  if (item.type === 'text' || item.type === 'refusal') return part({ case: 'text', value: item.text ?? item.refusal ?? '' });
  if (item.type === 'image_url' && item.image_url) return part({ case: 'image', value: imageOf(item.image_url.url) });
  throw invalidInput('unsupported_value', `${at}.type`, `Invalid '${at}.type': an agent takes text and image_url, not ${item.type}.`);
}

/** A data URL tells its media type; of any other URL it is unknown until somebody loads it. */
function imageOf(url: string): Extract<Part['kind'], { case: 'image' }>['value'] {
  const mediaType = /^data:([a-z]+\/[a-z0-9.+-]+)[;,]/i.exec(url)?.[1] ?? '';
  return { $typeName: 'nexus.inference.v1.Image', url, mediaType };
}

function toolCallParts(calls: readonly ToolCallBody[], at: string): Part[] {
  return calls.map((call, i) => {
    if (!call.function) {
      throw invalidInput('unsupported_value', `${at}.tool_calls[${i}].type`, `Invalid '${at}.tool_calls[${i}].type': an agent takes calls of type function.`);
    }
    const { name, arguments: args } = call.function;
    return part({ case: 'toolCall', value: { $typeName: 'nexus.inference.v1.ToolCall', id: call.id, name, arguments: args } });
  });
}

function toolResultPart(message: ChatBodyMessage, toolNames: ReadonlyMap<string, string>): Part {
  const callId = message.tool_call_id ?? '';
  const content = message.content ?? '';
  const text = typeof content === 'string' ? content : content.map((item) => item.text ?? '').join('');
  const name = toolNames.get(callId) ?? '';
  return part({ case: 'toolResult', value: { $typeName: 'nexus.inference.v1.ToolResult', callId, name, text, isError: false, images: [] } });
}
