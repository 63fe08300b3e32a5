import { create } from '@bufbuild/protobuf';
import { ChatMessageSchema, PartSchema, Role, type ChatMessage, type Image, type Part } from '@nexus/contracts';
import type { ImagePart, ModelMessage, ModelPart, ToolResultPart } from '@nexus/wires';
import { invalidInput } from '../invalid-input.js';

const ROLES: Readonly<Record<ModelMessage['role'], Role>> = { system: Role.SYSTEM, user: Role.USER, assistant: Role.ASSISTANT, tool: Role.TOOL };

/** A conversation in no provider's form as NEXUS keeps it. Throws an AppError (400) for what it cannot keep: audio and files. */
export function toConversation(messages: readonly ModelMessage[]): ChatMessage[] {
  const toolNames = new Map<string, string>();
  return messages.map(({ role, parts }, i) => {
    for (const part of parts) if (part.kind === 'tool_call') toolNames.set(part.id, part.name);
    return create(ChatMessageSchema, { role: ROLES[role], parts: parts.map((part) => toPart(part, toolNames, `messages[${i}]`)) });
  });
}

function toPart(part: ModelPart, toolNames: ReadonlyMap<string, string>, at: string): Part {
  const signature = 'signature' in part ? (part.signature ?? '') : '';
  switch (part.kind) {
    case 'text':
      return create(PartSchema, { kind: { case: 'text', value: part.text }, signature });
    case 'refusal':
      return create(PartSchema, { kind: { case: 'refusal', value: part.text } });
    case 'reasoning':
      return create(PartSchema, { kind: { case: 'reasoning', value: part.text }, signature });
    case 'image':
      return create(PartSchema, { kind: { case: 'image', value: toImage(part) } });
    case 'tool_call': {
      const { id, name, arguments: args } = part;
      return create(PartSchema, { kind: { case: 'toolCall', value: { $typeName: 'nexus.inference.v1.ToolCall', id, name, arguments: args } }, signature });
    }
    case 'tool_result':
      return create(PartSchema, { kind: { case: 'toolResult', value: toResult(part, toolNames, at) } });
    case 'audio':
    case 'file':
      throw unsupported(part.kind, at);
  }
}

function toResult({ callId, name, parts, isError }: ToolResultPart, toolNames: ReadonlyMap<string, string>, at: string): Extract<Part['kind'], { case: 'toolResult' }>['value'] {
  if (parts.some(({ kind }) => kind === 'file')) throw unsupported('file', at);
  const text = parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  const images = parts.flatMap((part) => (part.kind === 'image' ? [toImage(part)] : []));
  return { $typeName: 'nexus.inference.v1.ToolResult', callId, name: name ?? toolNames.get(callId) ?? '', text, isError, images };
}

function toImage({ source }: ImagePart): Image {
  const $typeName = 'nexus.inference.v1.Image' as const;
  return 'url' in source ? { $typeName, url: source.url, mediaType: '' } : { $typeName, url: `data:${source.mediaType};base64,${source.base64}`, mediaType: source.mediaType };
}

function unsupported(kind: string, at: string): Error {
  return invalidInput('unsupported_value', at, `Invalid '${at}': an agent takes text and images, not ${kind}.`);
}
