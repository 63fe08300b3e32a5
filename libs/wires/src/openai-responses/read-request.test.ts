import { describe, expect, it } from 'vitest';
import { readRequest } from './read-request.js';
import { writeRequest } from './write-request.js';

const body = (rest: Record<string, unknown>): Record<string, unknown> => ({ model: 'm', input: 'Hi', ...rest });
const saying = (...input: Record<string, unknown>[]): unknown => readRequest({ model: 'm', input }).messages;
const call = (id: string, name = 'f'): Record<string, unknown> => ({ type: 'function_call', call_id: id, name, arguments: '{}' });
const result = (id: string, output: unknown = 'ok'): Record<string, unknown> => ({ type: 'function_call_output', call_id: id, output });

describe('a body of a response', () => {
  it('says all that the hub can say', () => {
    const request = readRequest(
      body({
        instructions: 'Be brief.',
        stream: true,
        store: true,
        include: ['reasoning.encrypted_content'],
        tools: [{ type: 'function', name: 'f', description: 'does', parameters: { type: 'object' }, strict: true }],
        tool_choice: { type: 'function', name: 'f' },
        parallel_tool_calls: true,
        max_output_tokens: 50,
        temperature: 0,
        top_p: 1,
        text: { format: { type: 'json_schema', name: 's', schema: { type: 'object' } }, verbosity: 'low' },
        reasoning: { effort: 'minimal', summary: 'detailed' },
        safety_identifier: 'u',
        truncation: 'auto',
        metadata: {},
        prompt_cache_key: 'k',
      }),
    );
    expect(request).toEqual({
      model: 'm',
      isStream: true,
      messages: [
        { role: 'system', parts: [{ kind: 'text', text: 'Be brief.' }] },
        { role: 'user', parts: [{ kind: 'text', text: 'Hi' }] },
      ],
      tools: [{ name: 'f', description: 'does', parameters: { type: 'object' }, isStrict: true }],
      toolChoice: { kind: 'tool', name: 'f' },
      isParallelToolUse: true,
      maxOutputTokens: 50,
      temperature: 0,
      topP: 1,
      stop: [],
      responseFormat: { kind: 'schema', name: 's', schema: { type: 'object' }, isStrict: false },
      reasoning: { effort: 'minimal', isShown: true },
      user: 'u',
    });
  });

  it('makes one message of a turn, and one of its results', () => {
    expect(
      saying(
        { role: 'user', content: [{ type: 'input_text', text: 'Go.' }] },
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }, { type: 'summary_text', text: 'so' }], encrypted_content: 'gAAA' },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I go.' }, { type: 'refusal', refusal: 'Not far.' }] },
        call('a'),
        call('b'),
        result('a'),
        result('b', [{ type: 'input_text', text: 'see' }, { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' }, { type: 'input_file', file_url: 'https://example.com/a.pdf' }]),
        { type: 'message', role: 'assistant', content: 'Done.' },
        { role: 'assistant', content: 'Really.' },
      ),
    ).toEqual([
      { role: 'user', parts: [{ kind: 'text', text: 'Go.' }] },
      {
        role: 'assistant',
        parts: [
          { kind: 'reasoning', text: 'hm\n\nso', signature: 'openai:rs_1:gAAA' },
          { kind: 'text', text: 'I go.' },
          { kind: 'refusal', text: 'Not far.' },
          { kind: 'tool_call', id: 'a', name: 'f', arguments: '{}' },
          { kind: 'tool_call', id: 'b', name: 'f', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        parts: [
          { kind: 'tool_result', callId: 'a', parts: [{ kind: 'text', text: 'ok' }], isError: false },
          {
            kind: 'tool_result',
            callId: 'b',
            parts: [{ kind: 'text', text: 'see' }, { kind: 'image', source: { base64: 'AAAA', mediaType: 'image/png' }, detail: 'auto' }, { kind: 'file', source: { url: 'https://example.com/a.pdf' } }],
            isError: false,
          },
        ],
      },
      { role: 'assistant', parts: [{ kind: 'text', text: 'Done.' }] },
      { role: 'assistant', parts: [{ kind: 'text', text: 'Really.' }] },
    ]);
  });

  it('leaves out what OpenAI\'s own tools did, and thoughts without a word or a proof', () => {
    expect(saying({ type: 'web_search_call', id: 'ws_1', status: 'completed' }, { type: 'reasoning', id: 'rs_1', summary: [] }, { role: 'user', content: 'Hi' })).toEqual([{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }]);
  });

  it('knows whose a thought is, and gives each provider only its own', () => {
    const thought = (encrypted: string, id?: string): Record<string, unknown> => ({ type: 'reasoning', ...(id !== undefined && { id }), summary: [], encrypted_content: encrypted });
    const request = readRequest({ model: 'm', input: [thought('gAAA', 'rs_1'), thought('gBBB'), thought('anthropic:c2ln', 'rs_x_0'), thought('redacted:anthropic:ZGF0YQ', 'rs_x_1')] });
    expect(request.messages[0]?.parts).toEqual([
      { kind: 'reasoning', text: '', signature: 'openai:rs_1:gAAA' },
      { kind: 'reasoning', text: '', signature: 'openai::gBBB' },
      { kind: 'reasoning', text: '', signature: 'anthropic:c2ln' },
      { kind: 'reasoning', text: '', signature: 'anthropic:ZGF0YQ', isRedacted: true },
    ]);
    const written = writeRequest(request);
    expect(written.input).toEqual([
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
      { type: 'reasoning', summary: [], encrypted_content: 'gBBB' },
    ]);
    expect(written).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });
  });

  it('takes tools of plain text and of namespaces, as functions that every model can call', () => {
    const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
    const { tools, messages } = readRequest({
      model: 'm',
      input: [{ type: 'custom_tool_call', call_id: 'a', name: 'apply_patch', input: '*** "Begin"' }, { type: 'custom_tool_call_output', call_id: 'a', output: 'ok' }, { ...call('b', 'list'), namespace: 'files' }],
      tools: [
        { type: 'custom', name: 'apply_patch', description: 'Patches.', format: grammar },
        { type: 'namespace', name: 'files', description: 'Files.', tools: [{ type: 'function', name: 'list', parameters: { type: 'object' }, strict: false }] },
      ],
    });
    expect(tools).toMatchObject([
      { name: 'apply_patch', description: 'Patches.', freeform: { format: grammar }, parameters: { required: ['input'] } },
      { name: 'files__list', namespace: 'files' },
    ]);
    expect(JSON.stringify(tools[0]?.parameters)).toContain('start: \\"x\\"');
    expect(messages.flatMap(({ parts }) => parts.filter((part) => part.kind === 'tool_call'))).toEqual([
      { kind: 'tool_call', id: 'a', name: 'apply_patch', arguments: '{"input":"*** \\"Begin\\""}' },
      { kind: 'tool_call', id: 'b', name: 'files__list', arguments: '{}' },
    ]);
  });

  it.each([
    ['model', { model: 1 }, 'invalid_type'],
    ['input', { input: undefined }, 'missing_required_parameter'],
    ['input[0]', { input: ['Hi'] }, 'invalid_type'],
    ['input[0].role', { input: [{ role: 'tool', content: 'x' }] }, 'invalid_value'],
    ['input[0].call_id', { input: [{ type: 'function_call_output', output: 'x' }] }, 'missing_required_parameter'],
    ['input[0].content[0].type', { input: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] }, 'unsupported_value'],
    ['input[0].content[0].file_id', { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'file-1', detail: 'auto' }] }] }, 'unsupported_value'],
    ['input[0].type', { input: [{ type: 'item_reference', id: 'msg_1' }] }, 'unsupported_value'],
    ['input[0].type', { input: [{ type: 'compaction', encrypted_content: 'x' }] }, 'unsupported_value'],
    ['previous_response_id', { previous_response_id: 'resp_1' }, 'unsupported_value'],
    ['conversation', { conversation: 'conv_1' }, 'unsupported_value'],
    ['prompt', { prompt: { id: 'pmpt_1' } }, 'unsupported_value'],
    ['background', { background: true }, 'unsupported_value'],
    ['include[0]', { include: ['message.output_text.logprobs'] }, 'unsupported_value'],
    ['tools[1].type', { tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }] }, 'unsupported_value'],
    ['tools[0].type', { tools: [{ type: 'mcp', server_label: 'x' }] }, 'unsupported_value'],
    ['tool_choice', { tools: [{ type: 'function', name: 'f' }], tool_choice: { type: 'file_search' } }, 'unsupported_value'],
    ['reasoning.effort', { reasoning: { effort: 'hard' } }, 'invalid_value'],
    ['text.format.type', { text: { format: { type: 'grammar' } } }, 'unsupported_value'],
  ])('is refused for its %s', (param, rest, code) => {
    expect(() => readRequest(body(rest))).toThrow(expect.objectContaining({ param, code, status: 400 }) as Error);
  });

  it('says what to do instead of what is refused', () => {
    expect(() => readRequest(body({ previous_response_id: 'resp_1' }))).toThrow('send the items of the conversation in `input`');
    expect(() => readRequest(body({ tools: [{ type: 'web_search' }] }))).toThrow('leave it out (Codex: set web_search = "disabled")');
  });
});
