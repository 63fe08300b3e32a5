import { describe, expect, it } from 'vitest';
import type { ModelMessage, ModelPart } from '../hub/model-part.js';
import type { ModelRequest } from '../hub/model-request.js';
import { writeRequest } from './write-request.js';

const text = (value: string): ModelPart => ({ kind: 'text', text: value });
const user = (...parts: ModelPart[]): ModelMessage => ({ role: 'user', parts });
const assistant = (...parts: ModelPart[]): ModelMessage => ({ role: 'assistant', parts });
const call = (id: string, name: string, args = '{}', signature?: string): ModelPart => ({ kind: 'tool_call', id, name, arguments: args, signature });
const result = (callId: string, value: string, more: { name?: string; isError?: boolean } = {}): ModelMessage => ({ role: 'tool', parts: [{ kind: 'tool_result', callId, parts: [{ kind: 'text', text: value }], isError: false, ...more }] });
const request = (messages: ModelMessage[], more: Partial<ModelRequest> = {}): ModelRequest => ({ model: 'gemini-3-flash-preview', isStream: false, messages, tools: [], stop: [], ...more });
const contentsOf = (messages: ModelMessage[], more: Partial<ModelRequest> = {}): unknown => writeRequest(request(messages, more))['contents'];
const tool = { name: 'f', description: 'does f', parameters: { type: 'object', properties: {} } };

describe('the conversation', () => {
  it('has its system messages in one place, and turns of two roles', () => {
    const body = writeRequest(request([{ role: 'system', parts: [text('be brief')] }, user(text('hi')), assistant(text('hello')), { role: 'system', parts: [text('be kind')] }, user(text('bye'))]));
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'be brief' }, { text: 'be kind' }] },
      contents: [
        { role: 'user', parts: [{ text: 'hi' }] },
        { role: 'model', parts: [{ text: 'hello' }] },
        { role: 'user', parts: [{ text: 'bye' }] },
      ],
    });
  });

  it('has a turn to answer even when there are only instructions', () => {
    expect(contentsOf([{ role: 'system', parts: [text('tell a joke')] }])).toEqual([{ role: 'user', parts: [{ text: '' }] }]);
  });

  it('takes pictures, files and sound as bytes and as addresses', () => {
    const parts: ModelPart[] = [
      { kind: 'image', source: { base64: 'AAA', mediaType: 'image/png' } },
      { kind: 'image', source: { url: 'https://a.example/cat.JPG?size=1' } },
      { kind: 'image', source: { url: 'https://a.example/cat' } },
      { kind: 'file', source: { base64: 'BBB', mediaType: 'application/pdf' }, name: 'a.pdf' },
      { kind: 'audio', base64: 'CCC', format: 'wav' },
    ];
    expect(contentsOf([user(...parts)])).toEqual([
      {
        role: 'user',
        parts: [
          { inlineData: { mimeType: 'image/png', data: 'AAA' } },
          { fileData: { fileUri: 'https://a.example/cat.JPG?size=1', mimeType: 'image/jpeg' } },
          { fileData: { fileUri: 'https://a.example/cat' } },
          { inlineData: { mimeType: 'application/pdf', data: 'BBB' } },
          { inlineData: { mimeType: 'audio/wav', data: 'CCC' } },
        ],
      },
    ]);
  });

  it('refuses what has no place in it', () => {
    expect(() => contentsOf([user(call('1', 'f'))])).toThrow(expect.objectContaining({ code: 'unsupported_value', status: 400, param: 'messages' }));
    expect(() => writeRequest(request([user(text('hi'))], { choices: 2 }))).toThrow(expect.objectContaining({ code: 'unsupported_value', param: 'n' }));
  });
});

describe('calls and their results', () => {
  it('go as one turn each, in the order of the calls, whatever order the results came in', () => {
    const messages = [user(text('go')), assistant(call('a', 'f', '{"x":1}', 'gemini:sig')), assistant(call('b', 'g', '')), result('b', 'two'), result('a', 'broken', { isError: true }), user(text('and?'))];
    expect(contentsOf(messages)).toEqual([
      { role: 'user', parts: [{ text: 'go' }] },
      { role: 'model', parts: [{ functionCall: { id: 'a', name: 'f', args: { x: 1 } }, thoughtSignature: 'sig' }, { functionCall: { id: 'b', name: 'g', args: {} } }] },
      { role: 'user', parts: [{ functionResponse: { id: 'a', name: 'f', response: { error: 'broken' } } }, { functionResponse: { id: 'b', name: 'g', response: { output: 'two' } } }] },
      { role: 'user', parts: [{ text: 'and?' }] },
    ]);
  });

  it('find each other by id within a turn, and by name where no id fits', () => {
    const twice = [assistant(call('call_0', 'f')), result('call_0', 'first'), assistant(call('call_0', 'g')), result('call_0', 'second')];
    const names = (contentsOf(twice, { model: 'gemini-2.5-pro' }) as { parts: { functionResponse?: { name: string } }[] }[]).flatMap(({ parts }) => parts.flatMap((part) => part.functionResponse?.name ?? []));
    expect(names).toEqual(['f', 'g']);
    const byName = contentsOf([assistant(call('a', 'f'), call('b', 'f')), result('?', 'one', { name: 'f' }), result('?', 'two', { name: 'f' })]);
    expect(byName).toMatchObject([{}, { parts: [{ functionResponse: { id: 'a', response: { output: 'one' } } }, { functionResponse: { id: 'b', response: { output: 'two' } } }] }]);
    expect(() => contentsOf([assistant(call('a', 'f')), result('b', 'x')])).toThrow(expect.objectContaining({ code: 'invalid_value', param: 'messages' }));
  });

  it('have the pictures that a tool gave behind the results', () => {
    const picture: ModelMessage = { role: 'tool', parts: [{ kind: 'tool_result', callId: 'a', isError: false, parts: [{ kind: 'image', source: { base64: 'AAA', mediaType: 'image/png' } }] }] };
    expect(contentsOf([assistant(call('a', 'look')), picture])).toMatchObject([
      { role: 'model' },
      { role: 'user', parts: [{ functionResponse: { response: { output: 'See what look (a) gave, below.' } } }] },
      { role: 'user', parts: [{ text: 'What look (a) gave:' }, { inlineData: { mimeType: 'image/png', data: 'AAA' } }] },
    ]);
  });

  it('whose arguments were no object go as the model wrote them', () => {
    expect(contentsOf([assistant(call('a', 'f', '{"x":'))])).toMatchObject([{ parts: [{ functionCall: { args: { arguments: '{"x":' } } }] }]);
  });
});

describe('signatures', () => {
  it("go back as they came; another provider's stay behind, and Gemini 3 is told that there is none", () => {
    const messages = [assistant({ kind: 'reasoning', text: 'foreign', signature: 'EqQB' }, { kind: 'reasoning', text: 'own', signature: 'gemini:x+/=' }, { kind: 'text', text: 'hi', signature: 'EqQB' }, call('a', 'f', '{}', 'EqQB'), call('b', 'f'))];
    const thoughts = [{ text: 'own', thought: true, thoughtSignature: 'x+/=' }, { text: 'hi' }];
    const calls = [{ functionCall: { id: 'a', name: 'f', args: {} } }, { functionCall: { id: 'b', name: 'f', args: {} } }];
    expect(contentsOf(messages)).toEqual([{ role: 'model', parts: [...thoughts, { ...calls[0], thoughtSignature: 'skip_thought_signature_validator' }, calls[1]] }]);
    expect(contentsOf(messages, { model: 'gemini-2.0-flash' })).toEqual([{ role: 'model', parts: [...thoughts, ...calls] }]);
  });

  it('leave no empty turn where nothing of a message goes back', () => {
    expect(contentsOf([user(text('a')), assistant({ kind: 'reasoning', text: 'foreign' }), assistant(text('b'))])).toEqual([
      { role: 'user', parts: [{ text: 'a' }] },
      { role: 'model', parts: [{ text: 'b' }] },
    ]);
  });
});

describe('tools', () => {
  const configOf = (more: Partial<ModelRequest>): unknown => writeRequest(request([user(text('hi'))], { tools: [tool], ...more }))['toolConfig'];

  it('are declared with the schema as it is', () => {
    expect(writeRequest(request([user(text('hi'))], { tools: [tool, { ...tool, description: undefined }] }))['tools']).toEqual([
      { functionDeclarations: [{ name: 'f', description: 'does f', parametersJsonSchema: tool.parameters }, { name: 'f', parametersJsonSchema: tool.parameters }] },
    ]);
  });

  it.each([
    [{}, undefined],
    [{ toolChoice: { kind: 'auto' } }, { mode: 'AUTO' }],
    [{ toolChoice: { kind: 'none' } }, { mode: 'NONE' }],
    [{ toolChoice: { kind: 'required' } }, { mode: 'ANY' }],
    [{ toolChoice: { kind: 'tool', name: 'f' } }, { mode: 'ANY', allowedFunctionNames: ['f'] }],
    [{ tools: [{ ...tool, isStrict: true }] }, { mode: 'VALIDATED' }],
    [{ tools: [], toolChoice: { kind: 'auto' } }, undefined],
  ] as [Partial<ModelRequest>, unknown][])('%j is chosen as %j', (more, functionCallingConfig) => {
    expect(configOf(more)).toEqual(functionCallingConfig && { functionCallingConfig });
  });
});

describe('the configuration', () => {
  const configOf = (more: Partial<ModelRequest>): unknown => writeRequest(request([user(text('hi'))], more))['generationConfig'];

  it('has Google\'s names, and only what was said', () => {
    expect(configOf({})).toBeUndefined();
    expect(configOf({ maxOutputTokens: 5, temperature: 0, topP: 0.5, topK: 3, seed: 7, stop: ['x'], presencePenalty: 1, frequencyPenalty: -1 })).toEqual({
      maxOutputTokens: 5, temperature: 0, topP: 0.5, topK: 3, seed: 7, stopSequences: ['x'], presencePenalty: 1, frequencyPenalty: -1,
    });
  });

  it('asks for JSON, and for JSON of a schema', () => {
    expect(configOf({ responseFormat: { kind: 'text' } })).toBeUndefined();
    expect(configOf({ responseFormat: { kind: 'json' } })).toEqual({ responseMimeType: 'application/json' });
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    expect(configOf({ responseFormat: { kind: 'schema', name: 's', schema, isStrict: true } })).toEqual({ responseMimeType: 'application/json', responseJsonSchema: schema });
  });

  it.each([
    ['gemini-3-pro-preview', { effort: 'none' }, { thinkingLevel: 'low' }],
    ['google/gemini-3-flash-preview', { effort: 'medium', isShown: true }, { thinkingLevel: 'medium', includeThoughts: true }],
    ['gemini-3-flash-preview', { effort: 'max' }, { thinkingLevel: 'high' }],
    ['gemini-3-flash-preview', { effort: 'low', budgetTokens: 2_000 }, { thinkingBudget: 2_000 }],
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0 }],
    ['gemini-2.5-pro', { effort: 'none' }, { thinkingBudget: 128 }],
    ['gemini-2.5-flash', { effort: 'high' }, { thinkingBudget: 24_576 }],
    ['gemini-flash-latest', { effort: 'low' }, { thinkingBudget: 1_024 }],
    ['gemini-2.5-flash', { isShown: false }, { includeThoughts: false }],
    ['gemini-2.5-flash', {}, undefined],
  ] as [string, ModelRequest['reasoning'], unknown][])('of %s that shall think %j: %j', (model, reasoning, thinkingConfig) => {
    expect(configOf({ model, reasoning })).toEqual(thinkingConfig && { thinkingConfig });
  });
});
