import { Role, type ChatMessage, type Part } from '@nexus/contracts';

/** A stored message as OpenAI writes it; `reasoning_content` is the name that providers with open reasoning agreed on. */
export type OpenAiMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string | OpenAiContentPart[] }
  | { role: 'assistant'; content: string | null; reasoning_content?: string; tool_calls?: OpenAiToolCall[] }
  | { role: 'tool'; tool_call_id: string; content: string };

export type OpenAiContentPart = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } };

export interface OpenAiToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

/** A message as NEXUS keeps it, in OpenAI's words: one, or one for each tool result that it holds. */
export function toOpenAiMessages(message: ChatMessage): OpenAiMessage[] {
  switch (message.role) {
    case Role.SYSTEM:
      return [{ role: 'system', content: textOf(message.parts) }];
    case Role.ASSISTANT:
      return [assistantMessage(message.parts)];
    case Role.TOOL:
      return message.parts.flatMap(({ kind }) =>
        kind.case === 'toolResult' ? [{ role: 'tool' as const, tool_call_id: kind.value.callId, content: kind.value.text }] : [],
      );
    case Role.USER:
    case Role.UNSPECIFIED:
      return [{ role: 'user', content: userContent(message.parts) }];
  }
}

function textOf(parts: readonly Part[]): string {
  return parts.map(({ kind }) => (kind.case === 'text' ? kind.value : '')).join('');
}

function userContent(parts: readonly Part[]): string | OpenAiContentPart[] {
  if (!parts.some(({ kind }) => kind.case === 'image')) return textOf(parts);
  return parts.flatMap(({ kind }): OpenAiContentPart[] => {
    if (kind.case === 'text') return [{ type: 'text', text: kind.value }];
    return kind.case === 'image' ? [{ type: 'image_url', image_url: { url: kind.value.url } }] : [];
  });
}

function assistantMessage(parts: readonly Part[]): OpenAiMessage {
  const calls = parts.flatMap(({ kind }): OpenAiToolCall[] =>
    kind.case === 'toolCall'
      ? [{ id: kind.value.id, type: 'function', function: { name: kind.value.name, arguments: kind.value.arguments } }]
      : [],
  );
  const text = textOf(parts);
  const reasoning = parts.map(({ kind }) => (kind.case === 'reasoning' ? kind.value : '')).join('');
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}
