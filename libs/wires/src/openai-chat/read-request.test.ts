import { describe, expect, it } from 'vitest';
import { readRequest } from './read-request.js';

const body = (rest: Record<string, unknown>): Record<string, unknown> => ({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...rest });
const saying = (...messages: Record<string, unknown>[]): unknown => readRequest({ model: 'm', messages }).messages;
const tool = { type: 'function', function: { name: 'f', description: 'does', parameters: { type: 'object' }, strict: true } };

describe('a body of a chat completion', () => {
  it('says all that the hub can say', () => {
    const request = readRequest(
      body({
        stream: true,
        stream_options: { include_usage: true },
        tools: [tool, { type: 'function', function: { name: 'g' } }],
        tool_choice: { type: 'function', function: { name: 'f' } },
        parallel_tool_calls: false,
        max_tokens: 5,
        max_completion_tokens: 10,
        temperature: 0.5,
        top_p: 0.9,
        presence_penalty: 1,
        frequency_penalty: -1,
        stop: ['a', 'b'],
        seed: 7,
        n: 2,
        response_format: { type: 'json_schema', json_schema: { name: 's', description: 'd', schema: { type: 'object' }, strict: true } },
        reasoning_effort: 'high',
        user: 'u',
        metadata: { any: 'thing' },
      }),
    );
    expect(request).toEqual({
      model: 'm',
      isStream: true,
      messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }],
      tools: [
        { name: 'f', description: 'does', parameters: { type: 'object' }, isStrict: true },
        { name: 'g', description: undefined, parameters: { type: 'object', properties: {} } },
      ],
      toolChoice: { kind: 'tool', name: 'f' },
      isParallelToolUse: false,
      maxOutputTokens: 10,
      temperature: 0.5,
      topP: 0.9,
      presencePenalty: 1,
      frequencyPenalty: -1,
      stop: ['a', 'b'],
      seed: 7,
      choices: 2,
      responseFormat: { kind: 'schema', name: 's', description: 'd', schema: { type: 'object' }, isStrict: true },
      reasoning: { effort: 'high' },
      user: 'u',
      wantsUsage: true,
    });
  });

  it('says nothing that its client did not say, and nothing for null', () => {
    const { model, messages, tools, stop, isStream, ...others } = readRequest(body({ temperature: null, tools: null, tool_choice: null, stop: null, stream: null, response_format: null, reasoning_effort: null }));
    expect([model, messages.length, tools, stop, isStream]).toEqual(['m', 1, [], [], false]);
    expect(Object.values(others).filter((value) => value !== undefined)).toEqual([]);
  });

  it('may hold pictures, sound and files', () => {
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'input_audio', input_audio: { data: 'BBBB', format: 'wav' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
    ];
    expect(saying({ role: 'user', content })).toEqual([
      {
        role: 'user',
        parts: [
          { kind: 'text', text: 'What is this?' },
          { kind: 'image', source: { url: 'https://example.com/a.png' }, detail: 'low' },
          { kind: 'image', source: { base64: 'AAAA', mediaType: 'image/png' } },
          { kind: 'audio', base64: 'BBBB', format: 'wav' },
          { kind: 'file', source: { base64: 'CCCC', mediaType: 'application/pdf' }, name: 'a.pdf' },
        ],
      },
    ]);
  });

  it('puts results that follow each other into one message', () => {
    const call = (id: string): Record<string, unknown> => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
    expect(
      saying(
        { role: 'developer', content: 'Be brief.' },
        { role: 'assistant', content: null, reasoning_content: 'hm', tool_calls: [call('a'), call('b')] },
        { role: 'tool', tool_call_id: 'a', content: '1' },
        { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: '2' }] },
        { role: 'assistant', content: 'Done.', refusal: 'Not that.' },
      ),
    ).toEqual([
      { role: 'system', parts: [{ kind: 'text', text: 'Be brief.' }] },
      {
        role: 'assistant',
        parts: [
          { kind: 'reasoning', text: 'hm' },
          { kind: 'tool_call', id: 'a', name: 'f', arguments: '{}' },
          { kind: 'tool_call', id: 'b', name: 'f', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        parts: [
          { kind: 'tool_result', callId: 'a', parts: [{ kind: 'text', text: '1' }], isError: false },
          { kind: 'tool_result', callId: 'b', parts: [{ kind: 'text', text: '2' }], isError: false },
        ],
      },
      { role: 'assistant', parts: [{ kind: 'text', text: 'Done.' }, { kind: 'refusal', text: 'Not that.' }] },
    ]);
  });

  it('offers only the tools that are allowed', () => {
    const { tools, toolChoice } = readRequest(body({ tools: [tool, { type: 'function', function: { name: 'g' } }], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'g' } }] } } }));
    expect([tools.map(({ name }) => name), toolChoice]).toEqual([['g'], { kind: 'required' }]);
  });

  it.each([
    ['model', { model: undefined }, 'missing_required_parameter'],
    ['messages', { messages: 'Hi' }, 'invalid_type'],
    ['messages[0].role', { messages: [{ role: 'boss', content: 'x' }] }, 'invalid_value'],
    ['messages[0].content', { messages: [{ role: 'user' }] }, 'missing_required_parameter'],
    ['messages[0].content[1].image_url.url', { messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'image_url', image_url: { url: 'ftp://x' } }] }] }, 'invalid_value'],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'video', video: {} }] }] }, 'unsupported_value'],
    ['messages[0].content[0].file.file_id', { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }, 'unsupported_value'],
    ['messages[0].tool_calls[0].type', { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } }] }] }, 'unsupported_value'],
    ['messages[0].audio', { messages: [{ role: 'assistant', audio: { id: 'a' } }] }, 'unsupported_value'],
    ['messages[0].role', { messages: [{ role: 'function', name: 'f', content: 'x' }] }, 'unsupported_value'],
    ['temperature', { temperature: 'hot' }, 'invalid_type'],
    ['stop[1]', { stop: ['a', 1] }, 'invalid_type'],
    ['reasoning_effort', { reasoning_effort: 'hard' }, 'invalid_value'],
    ['response_format.type', { response_format: { type: 'grammar' } }, 'unsupported_value'],
    ['tools[0].type', { tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'unsupported_value'],
    ['tool_choice', { tools: [tool], tool_choice: { type: 'function', function: { name: 'g' } } }, 'invalid_value'],
    ['functions', { functions: [] }, 'unsupported_value'],
    ['logprobs', { logprobs: true }, 'unsupported_value'],
    ['logit_bias', { logit_bias: { 50_256: -100 } }, 'unsupported_value'],
    ['modalities', { modalities: ['text', 'audio'] }, 'unsupported_value'],
    ['web_search_options', { web_search_options: {} }, 'unsupported_value'],
  ])('is refused for its %s', (param, rest, code) => {
    expect(() => readRequest(body(rest))).toThrow(expect.objectContaining({ param, code, status: 400 }) as Error);
  });

  it('is not refused for what changes no answer', () => {
    expect(() => readRequest(body({ logprobs: false, logit_bias: {}, modalities: ['text'], store: true, service_tier: 'flex', prompt_cache_key: 'k', verbosity: 'low', prediction: { type: 'content', content: 'x' } }))).not.toThrow();
  });
});
