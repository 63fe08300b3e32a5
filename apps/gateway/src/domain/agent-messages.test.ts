import { Role } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { toChatMessages } from './agent-messages.js';
import type { ChatBodyMessage } from './chat-message-body.js';
import { toOpenAiMessages } from './openai-messages.js';

const call = { id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } } as const;

const conversation: ChatBodyMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } }] },
  { role: 'assistant', content: null, tool_calls: [call] },
  { role: 'tool', tool_call_id: 'c1', content: 'rain' },
  { role: 'assistant', content: 'A cat in the rain.' },
  { role: 'user', content: 'Thanks.' },
];

describe('toChatMessages', () => {
  it('and back again gives the same conversation', () => {
    expect(toChatMessages(conversation).flatMap(toOpenAiMessages)).toEqual(conversation);
  });

  it('keeps roles, tool calls and the name of the tool that a result answers', () => {
    const [system, user, asked, result] = toChatMessages(conversation);
    expect([system?.role, user?.role, asked?.role, result?.role]).toEqual([Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.TOOL]);
    expect(asked?.parts[0]?.kind).toMatchObject({ case: 'toolCall', value: { id: 'c1', name: 'get_weather', arguments: '{"city":"Oslo"}' } });
    expect(result?.parts[0]?.kind).toMatchObject({ case: 'toolResult', value: { callId: 'c1', name: 'get_weather', text: 'rain', isError: false } });
  });

  it('reads the media type of an image that is carried in its URL', () => {
    const [message] = toChatMessages([{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] }]);
    expect(message?.parts[0]?.kind).toMatchObject({ case: 'image', value: { mediaType: 'image/png', url: 'data:image/png;base64,AA==' } });
  });

  it('takes a developer for a system message, and text parts of a tool result for one text', () => {
    const [developer, tool] = toChatMessages([{ role: 'developer', content: 'x' }, { role: 'tool', tool_call_id: 'c9', content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }] }]);
    expect(developer?.role).toBe(Role.SYSTEM);
    expect(tool?.parts[0]?.kind).toMatchObject({ value: { text: 'ab', name: '' } });
  });

  it.each<[ChatBodyMessage, string]>([
    [{ role: 'user', content: [{ type: 'input_audio' }] }, 'messages[0].content[0].type'],
    [{ role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'custom' }] }, 'messages[0].tool_calls[0].type'],
    [{ role: 'function', content: 'x' }, 'messages[0].role'],
  ])('refuses what has no form in NEXUS: %j', (message, param) => {
    expect(() => toChatMessages([message])).toThrow(expect.objectContaining({ status: 400, param }));
  });
});

describe('toOpenAiMessages', () => {
  it('gives one message for each tool result, and shows reasoning where there is some', () => {
    const tools = toOpenAiMessages({
      $typeName: 'nexus.inference.v1.ChatMessage', role: Role.TOOL,
      parts: ['a', 'b'].map((text) => ({ $typeName: 'nexus.inference.v1.Part', kind: { case: 'toolResult', value: { $typeName: 'nexus.inference.v1.ToolResult', callId: text, name: 'f', text, isError: false, images: [] } }, signature: '' })),
    });
    expect(tools).toEqual([{ role: 'tool', tool_call_id: 'a', content: 'a' }, { role: 'tool', tool_call_id: 'b', content: 'b' }]);
    const thought = toOpenAiMessages({ $typeName: 'nexus.inference.v1.ChatMessage', role: Role.ASSISTANT, parts: [{ $typeName: 'nexus.inference.v1.Part', kind: { case: 'reasoning', value: 'hm' }, signature: '' }] });
    expect(thought).toEqual([{ role: 'assistant', content: '', reasoning_content: 'hm' }]);
  });
});
