import { describe, expect, it } from 'vitest';
import type { ModelMessage, ModelPart, TextPart } from '../hub/model-part.js';
import type { ModelRequest } from '../hub/model-request.js';
import { anthropic } from './anthropic.js';
import { requestOf } from './streamed-text.fixture.js';

const write = (said: Partial<ModelRequest>) => anthropic.writeRequest(requestOf(said));
const text = (words: string): TextPart => ({ kind: 'text', text: words });
const say = (role: ModelMessage['role'], ...parts: ModelPart[]): ModelMessage => ({ role, parts });
const call = (id: string, args = '{"x":1}'): ModelPart => ({ kind: 'tool_call', id, name: 'look', arguments: args });
const result = (callId: string, ...parts: Extract<ModelPart, { kind: 'tool_result' }>['parts']): ModelPart => ({ kind: 'tool_result', callId, parts, isError: false });
const look = { name: 'look', description: 'Looks.', parameters: { type: 'object', properties: {} } };
const block = (words: string) => ({ type: 'text', text: words });

describe('a request to Anthropic', () => {
  it('says nothing that was not said, but a bound for the answer', () => {
    expect(write({})).toEqual({ model: 'claude-opus-4-8', max_tokens: 4_096, messages: [{ role: 'user', content: [block('Hello.')] }] });
  });

  it('says all that was said', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
    expect(
      write({
        isStream: true,
        maxOutputTokens: 100,
        messages: [say('system', { kind: 'text', text: 'Be brief.', cache: '1h' }), say('user', text('Hello.'))],
        tools: [{ ...look, isStrict: true, cache: '5m' }],
        toolChoice: { kind: 'tool', name: 'look' },
        isParallelToolUse: false,
        stop: ['END'],
        responseFormat: { kind: 'schema', name: 'x', schema, isStrict: true },
        user: 'u1',
        seed: 7,
        presencePenalty: 1,
        wantsUsage: true,
      }),
    ).toEqual({
      model: 'claude-opus-4-8',
      max_tokens: 100,
      stream: true,
      system: [{ ...block('Be brief.'), cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [{ role: 'user', content: [block('Hello.')] }],
      tools: [{ name: 'look', description: 'Looks.', input_schema: { type: 'object', properties: {}, additionalProperties: false }, strict: true, cache_control: { type: 'ephemeral' } }],
      tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
      stop_sequences: ['END'],
      output_config: { format: { type: 'json_schema', schema } },
      metadata: { user_id: 'u1' },
    });
  });

  it('has all results of parallel calls in the one message after them, before what the user says', () => {
    const { messages } = write({
      messages: [
        say('user', text('Look.')),
        say('assistant', text('I look.'), call('a'), call('b', '')),
        say('tool', result('a', text('seen'))),
        say('tool', { kind: 'tool_result', callId: 'b', isError: true, parts: [text('no'), { kind: 'image', source: { base64: 'AA==', mediaType: 'image/png' } }] }),
        say('user', text('Go on.')),
        say('user', text('Now.')),
      ],
    });
    expect(messages).toEqual([
      { role: 'user', content: [block('Look.')] },
      { role: 'assistant', content: [block('I look.'), { type: 'tool_use', id: 'a', name: 'look', input: { x: 1 } }, { type: 'tool_use', id: 'b', name: 'look', input: {} }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: [block('seen')] },
          { type: 'tool_result', tool_use_id: 'b', is_error: true, content: [block('no'), { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }] },
          block('Go on.'),
          block('Now.'),
        ],
      },
    ]);
  });

  it('puts results before what the user said while the tool ran', () => {
    const { messages } = write({ messages: [say('user', text('Look.')), say('assistant', call('a')), say('user', text('Hurry.')), say('tool', result('a'))] });
    expect(messages).toMatchObject([{}, {}, { content: [{ type: 'tool_result', tool_use_id: 'a' }, block('Hurry.')] }]);
  });

  it('gives calls ids that Anthropic takes, the same to their results', () => {
    const { messages } = write({ messages: [say('user', text('Look.')), say('assistant', call('functions.look:0')), say('tool', result('functions.look:0'))] });
    expect(messages).toMatchObject([{}, { content: [{ id: 'functions_2elook_3a0' }] }, { content: [{ tool_use_id: 'functions_2elook_3a0' }] }]);
  });

  it('wraps arguments that are no object, as Anthropic advises', () => {
    const { messages } = write({ messages: [say('user', text('Look.')), say('assistant', call('a', '{"x":'), call('b', '[1]'))] });
    expect(messages).toMatchObject([{}, { content: [{ input: { INVALID_JSON: '{"x":' } }, { input: { INVALID_JSON: '[1]' } }] }]);
  });

  it('gives Anthropic its own thoughts back, and nobody else\'s', () => {
    const thoughts: ModelPart[] = [
      { kind: 'reasoning', text: 'Hm.', signature: 'anthropic:Ep==' },
      { kind: 'reasoning', text: '', signature: 'anthropic:Em==', isRedacted: true },
      { kind: 'reasoning', text: 'Ah.', signature: 'gemini:abc' },
      { kind: 'reasoning', text: 'Oh.' },
    ];
    const { messages } = write({ messages: [say('user', text('Hi.')), say('assistant', ...thoughts, { kind: 'refusal', text: 'No.' })] });
    expect(messages).toMatchObject([{}, { content: [{ type: 'thinking', thinking: 'Hm.', signature: 'Ep==' }, { type: 'redacted_thinking', data: 'Em==' }, block('No.')] }]);
  });

  it('leaves out empty texts, and messages of nothing else', () => {
    const { messages, system } = write({ messages: [say('system', text('')), say('user', text('Hi.')), say('assistant', text(' \n')), say('user', text(''), text('You?'))] });
    expect({ messages, system }).toEqual({ messages: [{ role: 'user', content: [block('Hi.'), block('You?')] }], system: undefined });
  });

  it('has pictures, PDFs and text, wherever they are', () => {
    const base64 = Buffer.from('a,b').toString('base64');
    const { messages } = write({
      messages: [
        say(
          'user',
          { kind: 'image', source: { url: 'https://a.test/b.png' }, detail: 'low' },
          { kind: 'file', source: { base64: 'AA==', mediaType: 'application/pdf' }, name: 'a.pdf', cache: '5m' },
          { kind: 'file', source: { base64, mediaType: 'text/csv' } },
          { kind: 'file', source: { url: 'https://a.test/a.pdf' } },
        ),
      ],
    });
    expect(messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://a.test/b.png' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' }, title: 'a.pdf', cache_control: { type: 'ephemeral' } },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } },
          { type: 'document', source: { type: 'url', url: 'https://a.test/a.pdf' } },
        ],
      },
    ]);
  });

  it('lets the system speak in the midst where the model allows it, and marks it where not', () => {
    const messages = [say('user', text('Hi.')), say('system', text('Be brief.')), say('assistant', text('Hello.')), say('system', text('In French.')), say('user', text('You?'))];
    const marked = [block('<system>In French.</system>'), block('You?')];
    expect(write({ messages })).toMatchObject({ messages: [{ role: 'user', content: [block('Hi.')] }, { role: 'system', content: [block('Be brief.')] }, { role: 'assistant' }, { role: 'user', content: marked }] });
    expect(write({ messages, model: 'claude-sonnet-4-6' })).toMatchObject({ messages: [{ role: 'user', content: [block('Hi.'), block('<system>Be brief.</system>')] }, { role: 'assistant' }, { role: 'user', content: marked }] });
    expect(write({ messages })['system']).toBeUndefined();
  });

  it('takes what the system says for the question when there is no other', () => {
    expect(write({ messages: [say('system', text('Say hello.'))] })).toEqual({ model: 'claude-opus-4-8', max_tokens: 4_096, messages: [{ role: 'user', content: [block('Say hello.')] }] });
  });

  it('enforces no schema on a model that knows none', () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    const older = { model: 'claude-sonnet-4-20250514' };
    expect(write({ ...older, tools: [{ ...look, isStrict: true }] })['tools']).toEqual([{ name: 'look', description: 'Looks.', input_schema: look.parameters }]);
    expect(write({ ...older, responseFormat: { kind: 'schema', name: 'x', schema, isStrict: false } })).toMatchObject({ system: [{ text: expect.stringContaining('JSON Schema') as string }] });
    expect(() => write({ ...older, responseFormat: { kind: 'schema', name: 'x', schema, isStrict: true } })).toThrow(expect.objectContaining({ param: 'response_format' }));
  });

  it('chooses among tools only when there are some', () => {
    expect(write({ toolChoice: { kind: 'auto' }, isParallelToolUse: false })).not.toHaveProperty('tool_choice');
    expect(write({ tools: [look], isParallelToolUse: false })['tool_choice']).toEqual({ type: 'auto', disable_parallel_tool_use: true });
    expect(write({ tools: [look], isParallelToolUse: true })).not.toHaveProperty('tool_choice');
    expect(write({ tools: [look], toolChoice: { kind: 'required' } })['tool_choice']).toEqual({ type: 'any' });
    expect(write({ tools: [look], toolChoice: { kind: 'none' }, isParallelToolUse: false })['tool_choice']).toEqual({ type: 'none' });
  });

  it('has a schema for a tool without arguments, and no strictness that Anthropic could not keep', () => {
    const tools = [{ ...look, parameters: {} }, { ...look, parameters: { type: 'object', additionalProperties: true }, isStrict: true }];
    expect(write({ tools })['tools']).toEqual([
      { name: 'look', description: 'Looks.', input_schema: { type: 'object' } },
      { name: 'look', description: 'Looks.', input_schema: { type: 'object', additionalProperties: true } },
    ]);
  });

  it('asks in words for JSON that Anthropic cannot enforce', () => {
    expect(write({ responseFormat: { kind: 'json' } })['system']).toEqual([block('Answer with one JSON object and nothing else.')]);
    const schema = { type: 'object', additionalProperties: { type: 'number' } };
    const loose = write({ responseFormat: { kind: 'schema', name: 'x', schema, isStrict: false }, messages: [say('system', text('Be brief.')), say('user', text('Hi.'))] });
    expect(loose['system']).toEqual([block('Be brief.'), block(`Answer with JSON that fits this JSON Schema and nothing else:\n${JSON.stringify(schema)}`)]);
    expect(loose).not.toHaveProperty('output_config');
  });

  it('keeps the temperature within what Anthropic has, and says one of the two ways to sample', () => {
    const sampled = (said: Partial<ModelRequest>) => {
      const { temperature, top_p, top_k } = write({ model: 'claude-sonnet-4-6', ...said });
      return { temperature, top_p, top_k };
    };
    expect(sampled({ temperature: 1.7, topP: 0.9, topK: 3 })).toEqual({ temperature: 1, top_k: 3 });
    expect(sampled({ topP: 0.9 })).toEqual({ top_p: 0.9 });
    expect(sampled({ temperature: 0, topP: 0.9, reasoning: { effort: 'high' } })).toEqual({});
    expect(sampled({ temperature: 0, reasoning: { effort: 'none' } })).toEqual({ temperature: 0 });
    expect(sampled({ temperature: 0, topK: 3, model: 'claude-opus-4-7' })).toEqual({});
  });

  it.each<[string, Partial<ModelRequest>, string]>([
    ['more than one answer', { choices: 2 }, 'n'],
    ['sound', { messages: [say('user', text('Hear:'), { kind: 'audio', base64: 'AA==', format: 'wav' })] }, 'messages[0].content[1]'],
    ['a file that it cannot read', { messages: [say('user', { kind: 'file', source: { base64: 'AA==', mediaType: 'application/zip' } })] }, 'messages[0].content[0]'],
    ['a picture of the system', { messages: [say('system', { kind: 'image', source: { url: 'https://a.test' } })] }, 'messages[0].content'],
    ['a stop sequence of blanks', { stop: ['\n'] }, 'stop'],
    ['a strict schema that it cannot keep', { responseFormat: { kind: 'schema', name: 'x', schema: { type: 'object', additionalProperties: true }, isStrict: true } }, 'response_format'],
  ])('is refused for %s', (_, said, param) => {
    expect(() => write(said)).toThrow(expect.objectContaining({ code: 'unsupported_value', status: 400, param }));
  });
});
