import { describe, expect, it } from 'vitest';
import { anthropic } from './anthropic.js';

const hello = { role: 'user', content: 'Hello.' };
const read = (rest: Record<string, unknown>) => anthropic.readRequest({ model: 'best', max_tokens: 64, messages: [hello], ...rest });
const readContent = (role: string, content: unknown) => read({ messages: [hello, { role, content }] }).messages.slice(1);
const refused = (rest: Record<string, unknown>) => {
  try {
    read(rest);
  } catch (error) {
    return error;
  }
  throw new Error('it was taken');
};

describe('a request of Messages', () => {
  it('is read with all that it says', () => {
    const request = read({
      stream: true,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      tools: [{ name: 'now', description: 'The time.', input_schema: { type: 'object' }, strict: true, cache_control: { type: 'ephemeral' }, defer_loading: true }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      stop_sequences: ['END'],
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      output_config: { effort: 'high', format: { type: 'json_schema', schema: { type: 'object' } } },
      metadata: { user_id: 'u1' },
      context_management: { edits: [] },
      service_tier: 'auto',
    });
    expect(request).toEqual({
      model: 'best',
      isStream: true,
      wantsUsage: true,
      messages: [
        { role: 'system', parts: [{ kind: 'text', text: 'Be brief.', cache: '1h' }] },
        { role: 'user', parts: [{ kind: 'text', text: 'Hello.' }] },
      ],
      tools: [{ name: 'now', description: 'The time.', parameters: { type: 'object' }, isStrict: true, cache: '5m' }],
      toolChoice: { kind: 'required' },
      isParallelToolUse: false,
      maxOutputTokens: 64,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      stop: ['END'],
      reasoning: { effort: 'high', budgetTokens: 2_000, isShown: true },
      responseFormat: { kind: 'schema', name: 'answer', schema: { type: 'object' }, isStrict: true },
      user: 'u1',
    });
  });

  it('may do without max_tokens, as one whose tokens are only counted', () => {
    expect(anthropic.readRequest({ model: 'best', messages: [hello] })).toMatchObject({ maxOutputTokens: undefined, isStream: false });
  });

  it('is a loop of tools: calls, their results in messages of their own, and what the user says beside them', () => {
    const call = (id: string, input: unknown) => ({ type: 'tool_use', id, name: 'look', input });
    const result = (id: string, rest: Record<string, unknown>) => ({ type: 'tool_result', tool_use_id: id, ...rest });
    const { messages } = read({
      messages: [
        hello,
        { role: 'assistant', content: [{ type: 'text', text: 'I look.' }, call('a', { at: 'x' }), call('b', {}), call('c', { z: 1.5 })] },
        {
          role: 'user',
          content: [
            result('a', { content: 'seen' }),
            result('b', { content: [{ type: 'text', text: 'no' }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }], is_error: true, cache_control: { type: 'ephemeral' } }),
            result('c', {}),
            { type: 'text', text: 'Go on.' },
          ],
        },
      ],
    });
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        parts: [
          { kind: 'text', text: 'I look.' },
          { kind: 'tool_call', id: 'a', name: 'look', arguments: '{"at":"x"}' },
          { kind: 'tool_call', id: 'b', name: 'look', arguments: '' },
          { kind: 'tool_call', id: 'c', name: 'look', arguments: '{"z":1.5}' },
        ],
      },
      {
        role: 'tool',
        parts: [
          { kind: 'tool_result', callId: 'a', parts: [{ kind: 'text', text: 'seen' }], isError: false },
          { kind: 'tool_result', callId: 'b', parts: [{ kind: 'text', text: 'no' }, { kind: 'image', source: { base64: 'AA==', mediaType: 'image/png' } }], isError: true, cache: '5m' },
          { kind: 'tool_result', callId: 'c', parts: [], isError: false },
        ],
      },
      { role: 'user', parts: [{ kind: 'text', text: 'Go on.' }] },
    ]);
  });

  it('has pictures and documents, wherever they are', () => {
    expect(
      readContent('user', [
        { type: 'image', source: { type: 'url', url: 'https://a.test/b.png' } },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' }, title: 'a.pdf', citations: { enabled: true } },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' }, context: 'A note.', cache_control: { type: 'ephemeral' } },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'one' }, { type: 'image', source: { type: 'url', url: 'https://a.test/c.png' } }] }, title: 'Chunks' },
        { type: 'search_result', title: 'T', source: 'https://a.test', content: [{ type: 'text', text: 'found' }] },
      ]),
    ).toEqual([
      {
        role: 'user',
        parts: [
          { kind: 'image', source: { url: 'https://a.test/b.png' } },
          { kind: 'file', source: { base64: 'AA==', mediaType: 'application/pdf' }, name: 'a.pdf' },
          { kind: 'text', text: 'A note.' },
          { kind: 'file', source: { base64: Buffer.from('Grüße').toString('base64'), mediaType: 'text/plain' }, cache: '5m' },
          { kind: 'text', text: 'Chunks' },
          { kind: 'text', text: 'one' },
          { kind: 'image', source: { url: 'https://a.test/c.png' } },
          { kind: 'text', text: 'T\nhttps://a.test\nfound' },
        ],
      },
    ]);
  });

  it('marks Anthropic\'s signatures as such, and gives other providers theirs back', () => {
    expect(
      readContent('assistant', [
        { type: 'thinking', thinking: 'Hm.', signature: 'Ep==' },
        { type: 'redacted_thinking', data: 'Em==' },
        { type: 'thinking', thinking: 'Ah.', signature: 'gemini:abc' },
        { type: 'thinking', thinking: 'Oh.', signature: '' },
        { type: 'redacted_thinking', data: 'next:gemini:def' },
        { type: 'tool_use', id: 'a', name: 'now', input: {} },
        { type: 'tool_use', id: 'b', name: 'now', input: {} },
      ]),
    ).toEqual([
      {
        role: 'assistant',
        parts: [
          { kind: 'reasoning', text: 'Hm.', signature: 'anthropic:Ep==' },
          { kind: 'reasoning', text: '', signature: 'anthropic:Em==', isRedacted: true },
          { kind: 'reasoning', text: 'Ah.', signature: 'gemini:abc' },
          { kind: 'reasoning', text: 'Oh.' },
          { kind: 'tool_call', id: 'a', name: 'now', arguments: '', signature: 'gemini:def' },
          { kind: 'tool_call', id: 'b', name: 'now', arguments: '' },
        ],
      },
    ]);
  });

  it('passes over what the provider\'s own tools did before, and marks of the search among tools', () => {
    expect(readContent('assistant', [{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }, { type: 'web_search_tool_result', tool_use_id: 's', content: [] }, { type: 'text', text: 'Found.' }])).toEqual([
      { role: 'assistant', parts: [{ kind: 'text', text: 'Found.' }] },
    ]);
    expect(readContent('system', [{ type: 'tool_addition', tool: { type: 'tool_reference', name: 'x' } }])).toEqual([]);
    expect(read({ tools: [{ type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' }, { type: 'custom', name: 'x', input_schema: {} }] }).tools).toHaveLength(1);
  });

  it.each([
    [{ type: 'disabled' }, undefined, { effort: 'none' }],
    [{ type: 'disabled' }, 'high', { effort: 'none' }],
    [{ type: 'adaptive' }, undefined, {}],
    [{ type: 'adaptive', display: 'omitted' }, 'max', { effort: 'max', isShown: false }],
    [{ type: 'adaptive', display: 'summarized' }, 'xhigh', { effort: 'xhigh', isShown: true }],
    [{ type: 'enabled', budget_tokens: 1_024, display: 'omitted' }, undefined, { budgetTokens: 1_024, isShown: false }],
    [undefined, 'low', { effort: 'low' }],
    [undefined, undefined, undefined],
  ])('wishes thinking %j with effort %s', (thinking, effort, reasoning) => {
    expect(read({ thinking, output_config: { effort } }).reasoning).toEqual(reasoning);
  });

  it('has the form of its answer where it was at first, too', () => {
    expect(read({ output_format: { type: 'json_schema', schema: { type: 'object' } } }).responseFormat).toMatchObject({ kind: 'schema', schema: { type: 'object' } });
  });

  it.each([
    ['web search', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
    ['code execution', { tools: [{ name: 'x', input_schema: {} }, { type: 'code_execution_20260120', name: 'code_execution' }] }, 'tools[1].type'],
    ['memory', { tools: [{ type: 'memory_20250818', name: 'memory' }] }, 'tools[0].type'],
    ['MCP servers', { mcp_servers: [{ type: 'url', url: 'https://a.test', name: 'a' }] }, 'mcp_servers'],
    ['a container', { container: 'c1' }, 'container'],
    ['a file of its store', { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] }, 'messages[0].content[0].source.type'],
    ['a block of a new type', { messages: [{ role: 'user', content: [{ type: 'hologram' }] }] }, 'messages[0].content[0].type'],
  ])('is refused with %s, which Anthropic alone has', (_, rest, param) => {
    expect(refused(rest)).toMatchObject({ code: 'unsupported_value', status: 400, param });
  });

  it.each([
    [{ model: undefined }, 'missing_required_parameter', 'model'],
    [{ messages: undefined }, 'missing_required_parameter', 'messages'],
    [{ messages: [] }, 'invalid_value', 'messages'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'invalid_value', 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'missing_required_parameter', 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'missing_required_parameter', 'messages[0].content[0].text'],
    [{ messages: [{ role: 'user', content: ['x'] }] }, 'invalid_type', 'messages[0].content[0]'],
    [{ messages: [{ role: 'user', content: [{ type: 'tool_use', id: 'a', name: 'x', input: {} }] }] }, 'invalid_value', 'messages[0]'],
    [{ messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'x', input: 'y' }] }] }, 'invalid_type', 'messages[0].content[0].input'],
    [{ messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text' }] }] }] }, 'missing_required_parameter', 'messages[0].content[0].content[0].text'],
    [{ max_tokens: 0 }, 'invalid_value', 'max_tokens'],
    [{ temperature: 'hot' }, 'invalid_type', 'temperature'],
    [{ stop_sequences: 'END' }, 'invalid_type', 'stop_sequences'],
    [{ stop_sequences: [1] }, 'invalid_type', 'stop_sequences[0]'],
    [{ tools: [{ name: 'x' }] }, 'missing_required_parameter', 'tools[0].input_schema'],
    [{ tool_choice: { type: 'some' } }, 'invalid_value', 'tool_choice.type'],
    [{ thinking: { type: 'enabled' } }, 'missing_required_parameter', 'thinking.budget_tokens'],
    [{ output_config: { effort: 'huge' } }, 'invalid_value', 'output_config.effort'],
    [{ output_config: { format: { type: 'text' } } }, 'invalid_value', 'output_config.format.type'],
  ])('with %j is %s of %s', (rest, code, param) => {
    expect(refused(rest)).toMatchObject({ code, status: 400, param });
  });
});
