import { Role } from '@nexus/contracts';
import type { ModelMessage } from '@nexus/wires';
import { describe, expect, it } from 'vitest';
import { toConversation } from './to-conversation.js';

describe('toConversation', () => {
  it('keeps roles, texts, thoughts with their signatures, calls and results with the name of their tool', () => {
    const messages: ModelMessage[] = [
      { role: 'system', parts: [{ kind: 'text', text: 'Be brief.' }] },
      { role: 'user', parts: [{ kind: 'text', text: 'Weather?' }, { kind: 'image', source: { base64: 'AA==', mediaType: 'image/png' } }] },
      { role: 'assistant', parts: [{ kind: 'reasoning', text: 'hm', signature: 's' }, { kind: 'tool_call', id: 'c1', name: 'get_weather', arguments: '{}' }] },
      { role: 'tool', parts: [{ kind: 'tool_result', callId: 'c1', parts: [{ kind: 'text', text: 'ra' }, { kind: 'text', text: 'in' }, { kind: 'image', source: { url: 'https://example.com/x.png' } }], isError: true }] },
      { role: 'assistant', parts: [{ kind: 'refusal', text: 'No.' }] },
    ];
    const kept = toConversation(messages);
    expect(kept.map(({ role }) => role)).toEqual([Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.TOOL, Role.ASSISTANT]);
    expect(kept.flatMap(({ parts }) => parts)).toMatchObject([
      { kind: { case: 'text', value: 'Be brief.' } },
      { kind: { case: 'text', value: 'Weather?' } },
      { kind: { case: 'image', value: { url: 'data:image/png;base64,AA==', mediaType: 'image/png' } } },
      { kind: { case: 'reasoning', value: 'hm' }, signature: 's' },
      { kind: { case: 'toolCall', value: { id: 'c1', name: 'get_weather', arguments: '{}' } } },
      { kind: { case: 'toolResult', value: { callId: 'c1', name: 'get_weather', text: 'rain', isError: true, images: [{ url: 'https://example.com/x.png' }] } } },
      { kind: { case: 'refusal', value: 'No.' } },
    ]);
  });

  it.each<ModelMessage['parts'][number]>([
    { kind: 'audio', base64: 'AA==', format: 'wav' },
    { kind: 'file', source: { url: 'https://example.com/x.pdf' } },
    { kind: 'tool_result', callId: 'c', parts: [{ kind: 'file', source: { url: 'https://example.com/x.pdf' } }], isError: false },
  ])('refuses what it cannot keep: %j', (part) => {
    expect(() => toConversation([{ role: 'user', parts: [part] }])).toThrow(expect.objectContaining({ status: 400, code: 'unsupported_value', param: 'messages[0]' }));
  });
});
