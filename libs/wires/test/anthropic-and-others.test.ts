import { describe, expect, it } from 'vitest';
import { anthropic } from '../src/anthropic/anthropic.js';
import { eventsIn, frameOf, writtenStream } from '../src/anthropic/streamed-text.fixture.js';
import { withoutForeignThoughts } from '../src/anthropic/without-foreign-thoughts.js';
import { gemini } from '../src/gemini/gemini.js';
import { openAiChat } from '../src/openai-chat/openai-chat.js';
import { grownAnswer, readEvents } from './recorded-exchanges.js';

const tools = [{ name: 'weather', description: 'The weather.', input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }];

/** A turn of a client of Messages that called two tools. */
const loop = {
  model: 'best',
  max_tokens: 2_000,
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  tools,
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  messages: [
    { role: 'user', content: 'Where is it warmer?' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Two calls.', signature: 'Ep==' },
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'toolu_a', name: 'weather', input: { city: 'Rome' } },
        { type: 'tool_use', id: 'toolu_b', name: 'weather', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_a', content: '30 degrees' },
        { type: 'tool_result', tool_use_id: 'toolu_b', content: [{ type: 'text', text: 'no city' }], is_error: true },
        { type: 'text', text: 'And?' },
      ],
    },
  ],
};

describe('a client of Messages', () => {
  it('has its loop of tools carried to a provider of chat completions', () => {
    expect(openAiChat.writeRequest(anthropic.readRequest(loop))).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Where is it warmer?' },
        {
          role: 'assistant',
          content: 'I look.',
          tool_calls: [
            { id: 'toolu_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
            { id: 'toolu_b', type: 'function', function: { name: 'weather', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'toolu_a', content: '30 degrees' },
        { role: 'tool', tool_call_id: 'toolu_b', content: 'no city' },
        { role: 'user', content: 'And?' },
      ],
      tools: [{ type: 'function', function: { name: 'weather', description: 'The weather.', parameters: tools[0]?.input_schema } }],
      tool_choice: 'auto',
      parallel_tool_calls: false,
    });
  });

  it('gets the streamed calls of a provider of chat completions, though they come side by side', () => {
    const chunk = (delta: unknown, rest: Record<string, unknown> = {}) => ({ event: undefined, json: { id: 'c', model: 'gpt', choices: [{ index: 0, delta, finish_reason: null, ...rest }] } });
    const call = (index: number, args: string, head: Record<string, unknown> = {}) => ({ tool_calls: [{ index, ...head, function: { ...(head['id'] === undefined ? {} : { name: 'weather' }), arguments: args } }] });
    const events = readEvents(openAiChat.reader(), [
      chunk({ role: 'assistant', content: 'I look.' }),
      chunk(call(0, '', { id: 'call_1', type: 'function' })),
      chunk(call(1, '', { id: 'call_2', type: 'function' })),
      chunk(call(0, '{"city":"Ro')),
      chunk(call(1, '{"city":"Oslo"}')),
      chunk(call(0, 'me"}')),
      chunk({}, { finish_reason: 'tool_calls' }),
      { event: undefined, json: { id: 'c', model: 'gpt', choices: [], usage: { prompt_tokens: 50, completion_tokens: 9, total_tokens: 59, prompt_tokens_details: { cached_tokens: 20 } } } },
    ]);
    const stream = writtenStream(events, frameOf({}));
    const answer = grownAnswer(eventsIn(stream));
    expect(answer).toMatchObject({
      finishReason: 'tool_calls',
      parts: [
        { kind: 'text', text: 'I look.' },
        { kind: 'tool_call', id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' },
        { kind: 'tool_call', id: 'call_2', name: 'weather', arguments: '{"city":"Oslo"}' },
      ],
      usage: { input: 30, cacheRead: 20, output: 9 },
    });
  });

  it('takes Gemini\'s signature along, which Gemini gets back and Anthropic does not', () => {
    const read = gemini.readAnswer({ responseId: 'r', modelVersion: 'gemini-3-pro', candidates: [{ content: { parts: [{ functionCall: { name: 'weather', args: { city: 'Rome' } }, thoughtSignature: 'sig' }] }, finishReason: 'STOP' }] });
    if (read.kind !== 'answer') throw new Error(read.kind);
    const { content } = anthropic.writeAnswer(read.answer, frameOf({}));
    const id = (content as { id?: string }[]).find((block) => block.id !== undefined)?.id;
    const body = { model: 'gemini-3-pro', messages: [loop.messages[0], { role: 'assistant', content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: '30 degrees' }] }] };
    expect(gemini.writeRequest(anthropic.readRequest(body))).toMatchObject({ contents: [{}, { role: 'model', parts: [{ functionCall: { name: 'weather', args: { city: 'Rome' } }, thoughtSignature: 'sig' }] }, { role: 'user', parts: [{ functionResponse: { name: 'weather' } }] }] });
    expect(JSON.stringify(withoutForeignThoughts(body))).not.toContain('sig');
    expect(gemini.writeRequest(anthropic.readRequest(loop))).not.toMatchObject({ contents: [{}, { parts: [{ thoughtSignature: 'Ep==' }] }] });
  });
});

describe('a client of chat completions', () => {
  it('has its loop of tools carried to Anthropic', () => {
    const request = openAiChat.readRequest({
      model: 'claude-sonnet-4-6',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'Where is it warmer?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] },
        { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } }, { id: 'call_2', type: 'function', function: { name: 'weather', arguments: '' } }] },
        { role: 'tool', tool_call_id: 'call_1', content: '30 degrees' },
        { role: 'tool', tool_call_id: 'call_2', content: 'no city' },
      ],
      tools: [{ type: 'function', function: { name: 'weather' } }],
      tool_choice: 'required',
      stop: 'END',
      temperature: 1.4,
    });
    expect(anthropic.writeRequest({ ...request, maxOutputTokens: 500 })).toEqual({
      model: 'claude-sonnet-4-6',
      max_tokens: 500,
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Where is it warmer?' }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Rome' } }, { type: 'tool_use', id: 'call_2', name: 'weather', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: '30 degrees' }] }, { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'no city' }] }] },
      ],
      tools: [{ name: 'weather', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'any' },
      temperature: 1,
      stop_sequences: ['END'],
    });
  });
});
