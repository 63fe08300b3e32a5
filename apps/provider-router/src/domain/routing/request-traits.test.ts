import { create } from '@bufbuild/protobuf';
import { ConversationSchema, InferenceRequestSchema, Role, Wire } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { readAskedCall } from '../asked-call.js';
import { traitsOf, type RequestTraits } from './request-traits.js';

const ofBody = (body: object, wire = Wire.OPENAI_CHAT): RequestTraits => traitsOf(readAskedCall(create(InferenceRequestSchema, { wire, input: { case: 'body', value: Buffer.from(JSON.stringify(body)) } })));
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const tool = { type: 'function', function: { name: 'f' } };

describe('traitsOf', () => {
  it.each<[string, object, Wire, Partial<RequestTraits>]>([
    ['plain text', user('hello'), Wire.OPENAI_CHAT, { question: 'hello', characters: 5, messages: 1, hasTools: false, hasImages: false, reasoning: 'none', maxOutputTokens: undefined }],
    ['parts', user([{ type: 'text', text: 'see' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }]), Wire.OPENAI_CHAT, { hasImages: true, images: 1, characters: 3 }],
    ['audio', user([{ type: 'input_audio', input_audio: {} }]), Wire.OPENAI_CHAT, { hasAudio: true }],
    ['audio wanted back', { ...user('sing'), modalities: ['text', 'audio'] }, Wire.OPENAI_CHAT, { hasAudio: true }],
    ['a file', user([{ type: 'file', file: {} }]), Wire.OPENAI_CHAT, { hasFiles: true }],
    ['tools', { ...user('x'), tools: [tool, tool] }, Wire.OPENAI_CHAT, { hasTools: true, toolCount: 2 }],
    ['no tools in an empty list', { ...user('x'), tools: [] }, Wire.OPENAI_CHAT, { hasTools: false }],
    ['a schema', { ...user('x'), response_format: { type: 'json_schema', json_schema: {} } }, Wire.OPENAI_CHAT, { hasSchema: true }],
    ['any JSON, which is no schema', { ...user('x'), response_format: { type: 'json_object' } }, Wire.OPENAI_CHAT, { hasSchema: false }],
    ['an effort', { ...user('x'), reasoning_effort: 'high' }, Wire.OPENAI_CHAT, { reasoning: 'high' }],
    ['no effort', { ...user('x'), reasoning_effort: 'none' }, Wire.OPENAI_CHAT, { reasoning: 'none' }],
    ['a limit by its new name', { ...user('x'), max_completion_tokens: 7 }, Wire.OPENAI_CHAT, { maxOutputTokens: 7 }],
    ['messages of Anthropic', {
      system: [{ type: 'text', text: 'be kind' }], thinking: { type: 'enabled' }, max_tokens: 5,
      messages: [{ role: 'user', content: 'first' }, { role: 'assistant', content: [] }, { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text: 'result' }, { type: 'image' }] }, { type: 'document' }] }],
    }, Wire.ANTHROPIC_MESSAGES, { reasoning: 'some', hasImages: true, hasFiles: true, maxOutputTokens: 5, question: 'first', characters: 18 }],
    ['a response\'s input as text', { input: 'hello', instructions: 'kindly' }, Wire.OPENAI_RESPONSES, { question: 'hello', characters: 11 }],
    ['a response\'s input as items', {
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'look' }, { type: 'input_image' }] }, { type: 'function_call_output', output: 'done' }], reasoning: { effort: 'low' }, text: { format: { type: 'json_schema' } },
    }, Wire.OPENAI_RESPONSES, { hasImages: true, reasoning: 'low', hasSchema: true, question: 'look', characters: 8 }],
    ['what nobody can read', { messages: [null, 7, { role: 'user', content: [null, { type: 3 }] }] }, Wire.OPENAI_CHAT, { question: '', characters: 0 }],
  ])('reads %s', (_what, body, wire, traits) => {
    expect(ofBody(body, wire)).toMatchObject(traits);
  });

  it('reads a run\'s conversation', () => {
    const conversation = create(ConversationSchema, {
      messages: [
        { role: Role.SYSTEM, parts: [{ kind: { case: 'text', value: 'be kind' } }] },
        { role: Role.USER, parts: [{ kind: { case: 'text', value: 'look' } }, { kind: { case: 'image', value: { url: 'https://x/y.png' } } }] },
        { role: Role.TOOL, parts: [{ kind: { case: 'toolResult', value: { text: 'ok', images: [{}] } } }] },
      ],
      tools: [{ name: 'f', description: 'd', parameters: '{}' }], parameters: { maxOutputTokens: 9n, responseSchema: '{}', reasoningEffort: 'medium' },
    });
    expect(traitsOf(readAskedCall(create(InferenceRequestSchema, { input: { case: 'conversation', value: conversation } })))).toEqual({
      hasTools: true, hasImages: true, hasFiles: false, hasAudio: false, hasSchema: true, reasoning: 'some', characters: 17, images: 2, toolCount: 1, messages: 3, question: 'look', maxOutputTokens: 9,
    });
  });
});
