import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { checkChatBody } from './chat-body.js';

const user = { role: 'user', content: 'hi' };
const body = (fields: object = {}): object => ({ model: 'openai/gpt-4o', messages: [user], ...fields });

function refusal(value: unknown): { status: number; param: string | undefined; code: string } {
  try {
    checkChatBody(value);
  } catch (error) {
    if (error instanceof AppError) return { status: error.status, param: error.param, code: error.code };
  }
  throw new Error('nothing was refused');
}

describe('checkChatBody', () => {
  it('takes what OpenAI takes, and leaves unknown fields alone', () => {
    const full = body({
      messages: [
        { role: 'developer', content: 'be brief' },
        { role: 'system', content: [{ type: 'text', text: 'be kind' }] },
        { role: 'user', content: [{ type: 'text', text: 'what is this?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }, { type: 'input_audio', input_audio: {} }], name: 'Ann' },
        { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'c1', content: 'done' },
        { role: 'assistant', refusal: 'no' },
      ],
      stream: true, stream_options: { include_usage: true }, n: 1, max_tokens: 5, max_completion_tokens: null, temperature: 0, seed: 4, stop: ['a'],
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }, { type: 'custom', custom: { name: 'g' } }, { type: 'web_search' }],
      something_new: { x: [1] },
    });
    expect(checkChatBody(full)).toBe(full);
  });

  it.each([
    [undefined, 'body'],
    [[], 'body'],
    ['text', 'body'],
    [{ messages: [user] }, 'model'],
    [body({ model: 4 }), 'model'],
    [body({ model: '' }), 'model'],
    [body({ model: 'x'.repeat(257) }), 'model'],
    [{ model: 'm' }, 'messages'],
    [body({ messages: [] }), 'messages'],
    [body({ messages: 'hi' }), 'messages'],
    [body({ messages: [user, null] }), 'messages[1]'],
    [body({ messages: [{ content: 'hi' }] }), 'messages[0].role'],
    [body({ messages: [{ role: 'robot', content: 'hi' }] }), 'messages[0].role'],
    [body({ messages: [{ role: 'constructor', content: 'hi' }] }), 'messages[0].role'],
    [body({ messages: [{ role: 'user' }] }), 'messages[0].content'],
    [body({ messages: [{ role: 'user', content: null }] }), 'messages[0].content'],
    [body({ messages: [{ role: 'user', content: [] }] }), 'messages[0].content'],
    [body({ messages: [{ role: 'user', content: [7] }] }), 'messages[0].content[0]'],
    [body({ messages: [{ role: 'user', content: [{ text: 'x' }] }] }), 'messages[0].content[0].type'],
    [body({ messages: [{ role: 'user', content: [{ type: 'hologram' }] }] }), 'messages[0].content[0].type'],
    [body({ messages: [{ role: 'user', content: [{ type: 'text' }] }] }), 'messages[0].content[0].text'],
    [body({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'https://x' }] }] }), 'messages[0].content[0].image_url'],
    [body({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }), 'messages[0].content[0].image_url.url'],
    [body({ messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }), 'messages[0].content[0].type'],
    [body({ messages: [{ role: 'assistant' }] }), 'messages[0].content'],
    [body({ messages: [{ role: 'assistant', tool_calls: {} }] }), 'messages[0].tool_calls'],
    [body({ messages: [{ role: 'assistant', tool_calls: [{ type: 'function' }] }] }), 'messages[0].tool_calls[0].id'],
    [body({ messages: [{ role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: {} } }] }] }), 'messages[0].tool_calls[0].function.arguments'],
    [body({ messages: [{ role: 'tool', content: 'x' }] }), 'messages[0].tool_call_id'],
    [body({ stream: 'yes' }), 'stream'],
    [body({ stream: 1 }), 'stream'],
    [body({ stream_options: { include_usage: true } }), 'stream_options'],
    [body({ stream: true, stream_options: { include_usage: 'yes' } }), 'stream_options.include_usage'],
    [body({ n: 2 }), 'n'],
    [body({ n: '1' }), 'n'],
    [body({ max_tokens: 0 }), 'max_tokens'],
    [body({ max_tokens: '5' }), 'max_tokens'],
    [body({ max_completion_tokens: 1.5 }), 'max_completion_tokens'],
    [body({ temperature: 'hot' }), 'temperature'],
    [body({ seed: 0.5 }), 'seed'],
    [body({ stop: [1] }), 'stop[0]'],
    [body({ tools: {} }), 'tools'],
    [body({ tools: [{}] }), 'tools[0].type'],
    [body({ tools: [{ type: 'function' }] }), 'tools[0].function'],
    [body({ tools: [{ type: 'function', function: { name: '' } }] }), 'tools[0].function.name'],
    [body({ tools: [{ type: 'function', function: { name: 'f', parameters: 'x' } }] }), 'tools[0].function.parameters'],
  ])('refuses %j and names %s', (value, param) => {
    expect(refusal(value)).toMatchObject({ status: 400, param });
  });

  it('tells a missing parameter from one of the wrong type', () => {
    expect(refusal({ model: 'm' }).code).toBe('missing_required_parameter');
    expect(refusal(body({ messages: 'hi' })).code).toBe('invalid_type');
  });
});
