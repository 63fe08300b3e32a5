import { create } from '@bufbuild/protobuf';
import { ConversationSchema, InferenceRequestSchema, Role, ToolCallSchema, ToolResultSchema, Wire } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { readAskedCall, type AskedCall } from './asked-call.js';
import type { ResolvedModel } from './model-catalog.js';
import { planCall, type CallPlan } from './plan-call.js';
import type { ProviderKind } from './provider-config.js';

const abilities = { tools: true, vision: true, jsonSchema: true, reasoning: true, audio: undefined, files: true };

/** $3 for a million tokens in, $15 out; a model that writes 128,000 tokens. */
function modelOf(kind: ProviderKind, more: Partial<ResolvedModel> = {}): ResolvedModel {
  return {
    id: `${kind}/m`,
    target: {
      name: kind, kind, baseUrl: 'http://x/v1', apiKey: 'k', headers: {}, outputLimitParameter: 'max_completion_tokens', streamUsage: true, hasResponses: kind === 'openai', maxConnections: 1,
      timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1, totalMs: 1 }, lookup: undefined, limits: { requestsPerMinute: undefined, tokensPerMinute: undefined },
      breaker: { failures: 5, windowMs: 1, openMs: 1 },
    },
    upstreamModel: 'm-own', price: { input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000 }, longContext: undefined,
    maxOutputTokens: 128_000, defaultMaxOutputTokens: undefined, contextWindow: 200_000, mode: 'chat', abilities, ...more,
  };
}
function ask(wire: Wire, body: unknown, headers: Record<string, string> = {}): AskedCall {
  const value = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return readAskedCall(create(InferenceRequestSchema, { input: { case: 'body', value }, wire, model: 'asked', headers }));
}
const bodyOf = (plan: CallPlan, granted: number): Record<string, unknown> => JSON.parse(plan.bodyFor(granted).toString()) as Record<string, unknown>;
const refusal = (code: string, param?: string): unknown => expect.objectContaining({ code, ...(param && { param }) });

const user = [{ role: 'user', content: 'hi' }];
const chat = { model: 'asked', messages: user };
const messages = { model: 'asked', max_tokens: 50_000, messages: user };
const responses = { model: 'asked', input: 'hi' };

describe('where a call goes', () => {
  it.each([
    ['openai', Wire.OPENAI_CHAT, chat, 'chat', true],
    ['openai', Wire.OPENAI_RESPONSES, responses, 'responses', true],
    ['openai', Wire.ANTHROPIC_MESSAGES, messages, 'chat', false],
    ['responses', Wire.OPENAI_CHAT, chat, 'responses', false],
    ['responses', Wire.OPENAI_RESPONSES, responses, 'responses', true],
    ['anthropic', Wire.ANTHROPIC_MESSAGES, messages, 'messages', true],
    ['anthropic', Wire.OPENAI_CHAT, chat, 'messages', false],
    ['anthropic', Wire.OPENAI_RESPONSES, responses, 'messages', false],
    ['gemini', Wire.OPENAI_CHAT, chat, 'gemini', false],
    ['gemini', Wire.ANTHROPIC_MESSAGES, messages, 'gemini', false],
    ['local', Wire.OPENAI_CHAT, chat, 'local', false],
    ['openai', Wire.OPENAI_EMBEDDINGS, { model: 'asked', input: ['a'] }, 'embeddings', true],
    ['gemini', Wire.OPENAI_EMBEDDINGS, { model: 'asked', input: ['a'] }, 'embeddings', true],
  ] as const)('%s, wire %i', (kind, wire, body, endpoint, isPassthrough) => {
    expect(planCall(ask(wire, body), modelOf(kind))).toMatchObject({ endpoint, isPassthrough });
  });

  it('is the responses API for a model that is only there, and for who asks so where there is one', () => {
    expect(planCall(ask(Wire.OPENAI_CHAT, chat), modelOf('openai', { mode: 'responses' }))).toMatchObject({ endpoint: 'responses', isPassthrough: false });
    const plain = modelOf('openai');
    expect(planCall(ask(Wire.OPENAI_RESPONSES, responses), { ...plain, target: { ...plain.target, hasResponses: false } })).toMatchObject({ endpoint: 'chat', isPassthrough: false });
  });

  it('is nowhere for a model that is not for such calls', () => {
    expect(() => planCall(ask(Wire.OPENAI_CHAT, chat), modelOf('openai', { mode: 'embedding' }))).toThrow(refusal('unsupported_value', 'model'));
    for (const kind of ['anthropic', 'local'] as const) expect(() => planCall(ask(Wire.OPENAI_EMBEDDINGS, { input: 'a' }), modelOf(kind))).toThrow(refusal('unsupported_value', 'model'));
  });
});

describe('a request in the provider\'s own wire', () => {
  it('goes through byte for byte, but for the model, and for a cap that the budget lowers', () => {
    const text = '{ "model":"m-own", "max_tokens":100,\n "messages":[{"role":"user","content":[{"type":"text","text":"h\\u0069","cache_control":{"type":"ephemeral","ttl":"1h"}}]}], "context_management":{"edits":[]} }';
    expect(planCall(ask(Wire.ANTHROPIC_MESSAGES, text), modelOf('anthropic')).bodyFor(100).toString()).toBe(text);
    const signed = { ...messages, messages: [...user, { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }, { type: 'text', text: 'ok' }] }, ...user], metadata: { user_id: 'u' } };
    expect(bodyOf(planCall(ask(Wire.ANTHROPIC_MESSAGES, signed), modelOf('anthropic')), 40)).toEqual({ ...signed, model: 'm-own', max_tokens: 40 });
    const kept = { ...responses, store: true, include: ['reasoning.encrypted_content'], text: { verbosity: 'low' } };
    expect(bodyOf(planCall(ask(Wire.OPENAI_RESPONSES, kept), modelOf('responses')), 40)).toEqual({ ...kept, model: 'm-own', max_output_tokens: 40 });
  });

  it('takes along the headers that belong to its wire, and no others', () => {
    const headers = { 'anthropic-beta': 'interleaved-thinking-2025-05-14', 'anthropic-version': '2023-06-01', authorization: 'Bearer x' };
    const { authorization: _, ...passed } = headers;
    expect(planCall(ask(Wire.ANTHROPIC_MESSAGES, messages, headers), modelOf('anthropic')).headers).toEqual(passed);
    expect(planCall(ask(Wire.ANTHROPIC_MESSAGES, messages, headers), modelOf('gemini')).headers).toBeUndefined();
    expect(planCall(ask(Wire.OPENAI_CHAT, chat, headers), modelOf('openai')).headers).toBeUndefined();
    expect(planCall(ask(Wire.ANTHROPIC_MESSAGES, messages, { 'anthropic-beta': 'a\r\nx-evil: 1' }), modelOf('anthropic')).headers).toBeUndefined();
  });

  it('leaves the thoughts of other providers out', () => {
    const foreign = { ...messages, messages: [...user, { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: '' }, { type: 'text', text: 'ok' }] }, ...user] };
    expect(bodyOf(planCall(ask(Wire.ANTHROPIC_MESSAGES, foreign), modelOf('anthropic')), 50_000)['messages']).toEqual([...user, { role: 'assistant', content: [{ type: 'text', text: 'ok' }] }, ...user]);
    const input = [{ role: 'user', content: 'hi' }, { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'anthropic:c2ln' }, { type: 'message', role: 'assistant', content: [] }];
    expect(bodyOf(planCall(ask(Wire.OPENAI_RESPONSES, { ...responses, input }), modelOf('responses')), 50)['input']).toEqual([input[0], input[2]]);
  });
});

describe('the output', () => {
  const capOf: Record<string, (body: Record<string, unknown>) => unknown> = {
    openai: (body) => body['max_completion_tokens'],
    responses: (body) => body['max_output_tokens'],
    anthropic: (body) => body['max_tokens'],
    gemini: (body) => (body['generationConfig'] as Record<string, unknown> | undefined)?.['maxOutputTokens'],
  };

  it.each(Object.keys(capOf) as ProviderKind[])('of %s is all that the model can write where the client did not say, down to what the budget grants', (kind) => {
    const plan = planCall(ask(Wire.OPENAI_CHAT, chat), modelOf(kind));
    expect(plan).toMatchObject({ maxOutputTokens: 128_000, minOutputTokens: 16 });
    for (const granted of [128_000, 5_000, 16]) expect(capOf[kind]?.(bodyOf(plan, granted))).toBe(granted);
    const limited = planCall(ask(Wire.OPENAI_CHAT, { ...chat, max_tokens: 700 }), modelOf(kind));
    expect(limited.maxOutputTokens).toBe(700);
    expect(capOf[kind]?.(bodyOf(limited, 9_999))).toBe(700);
    expect(capOf[kind]?.(bodyOf(limited, 99))).toBe(99);
    expect(limited.requestFor(99)).toMatchObject({ model: 'm-own', maxOutputTokens: 99 });
  });

  it('of Anthropic is always capped, for its API wants that also of what is free', () => {
    const free = { price: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } };
    expect(bodyOf(planCall(ask(Wire.OPENAI_CHAT, chat), modelOf('anthropic', free)), 128_000)).toMatchObject({ max_tokens: 128_000 });
    expect(bodyOf(planCall(ask(Wire.OPENAI_CHAT, chat), modelOf('openai', free)), 128_000)).not.toHaveProperty('max_completion_tokens');
  });

  it('leaves room beside the thoughts, whose budget stays below it; where there is none, the model does not think', () => {
    const thinking = { ...messages, thinking: { type: 'enabled', budget_tokens: 40_000 } };
    const plan = planCall(ask(Wire.ANTHROPIC_MESSAGES, thinking), modelOf('anthropic'));
    expect(bodyOf(plan, 50_000)).toMatchObject({ max_tokens: 50_000, thinking: { type: 'enabled', budget_tokens: 40_000 } });
    expect(bodyOf(plan, 10_000)).toMatchObject({ max_tokens: 10_000, thinking: { type: 'enabled', budget_tokens: 9_744 } });
    expect(bodyOf(plan, 1_100)).toMatchObject({ max_tokens: 1_100, thinking: { type: 'disabled' } });
    const effort = planCall(ask(Wire.OPENAI_CHAT, { ...chat, reasoning_effort: 'high' }), modelOf('gemini', { upstreamModel: 'gemini-2.5-flash' }));
    expect(bodyOf(effort, 128_000)).toMatchObject({ generationConfig: { maxOutputTokens: 128_000, thinkingConfig: { thinkingBudget: 24_576 } } });
    expect(bodyOf(effort, 4_000)).toMatchObject({ generationConfig: { maxOutputTokens: 4_000, thinkingConfig: { thinkingBudget: 3_744 } } });
  });

  it('of embeddings is nothing, and their input has no ceiling but its bytes', () => {
    const texts = { model: 'asked', input: Array.from({ length: 100 }, () => 'x'.repeat(1_000)) };
    const plan = planCall(ask(Wire.OPENAI_EMBEDDINGS, texts), modelOf('openai', { mode: 'embedding', contextWindow: 8_192, maxOutputTokens: undefined }));
    expect(plan).toMatchObject({ maxOutputTokens: 0, minOutputTokens: 0, isStream: false });
    expect(plan.maxInputTokens).toBeGreaterThan(100_000);
    expect(bodyOf(plan, 0)).toEqual({ ...texts, model: 'm-own' });
  });

  it('is not asked to hold thoughts by a model that has none', () => {
    const asked = ask(Wire.OPENAI_CHAT, { ...chat, reasoning_effort: 'high' });
    expect(bodyOf(planCall(asked, modelOf('responses', { abilities: { ...abilities, reasoning: false } })), 10)).not.toHaveProperty('reasoning');
    expect(bodyOf(planCall(asked, modelOf('responses')), 10)).toMatchObject({ reasoning: { effort: 'high' } });
  });
});

describe('the bound of the input', () => {
  const boundOf = (wire: Wire, body: unknown, kind: ProviderKind, window: number | undefined = 1_000_000): number => planCall(ask(wire, body), modelOf(kind, { contextWindow: window })).maxInputTokens;
  const image = { type: 'image', source: { type: 'url', url: 'https://x/y.png' } };

  it('is the bytes that are sent, and a picture counts by itself, in the results of tools too', () => {
    const small = boundOf(Wire.ANTHROPIC_MESSAGES, messages, 'anthropic');
    expect(small).toBe(JSON.stringify(messages).length + 512);
    const picture = { ...messages, messages: [{ role: 'user', content: [image] }] };
    const result = { ...messages, messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: [image, image] }] }] };
    const [one, two] = [boundOf(Wire.ANTHROPIC_MESSAGES, picture, 'anthropic'), boundOf(Wire.ANTHROPIC_MESSAGES, result, 'anthropic')];
    expect([Math.floor(one / 50_000), Math.floor(two / 50_000)]).toEqual([1, 2]);
    const input = { ...responses, input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'https://x/y.png' }] }, { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', image_url: 'https://x' }] }] };
    expect(Math.floor(boundOf(Wire.OPENAI_RESPONSES, input, 'responses') / 50_000)).toBe(2);
    const translated = { ...chat, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] }] };
    for (const kind of ['anthropic', 'gemini', 'responses', 'local'] as const) expect(Math.floor(boundOf(Wire.OPENAI_CHAT, translated, kind) / 50_000), kind).toBe(1);
  });

  it('does not count the bytes of a picture, which say nothing about its tokens', () => {
    const data = 'A'.repeat(300_000);
    const inChat = { ...chat, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }] }] };
    const inMessages = { ...messages, messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }] }] };
    const inResponses = { ...responses, input: [{ role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${data}` }] }] };
    for (const kind of ['openai', 'anthropic', 'gemini', 'responses', 'local'] as const) {
      for (const [wire, body] of [[Wire.OPENAI_CHAT, inChat], [Wire.ANTHROPIC_MESSAGES, inMessages], [Wire.OPENAI_RESPONSES, inResponses]] as const) {
        const bound = boundOf(wire, body, kind);
        expect(bound, `${wire} ${kind}`).toBeGreaterThan(50_000);
        expect(bound, `${wire} ${kind}`).toBeLessThan(52_000);
      }
    }
  });

  it('is all that the model can read for files, and for what the provider keeps', () => {
    const pdf = { ...messages, messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } }] }] };
    const text = { ...messages, messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'short' } }] }] };
    expect(boundOf(Wire.ANTHROPIC_MESSAGES, pdf, 'anthropic')).toBe(1_000_000);
    expect(boundOf(Wire.ANTHROPIC_MESSAGES, pdf, 'anthropic', undefined)).toBe(1_000_000);
    expect(boundOf(Wire.ANTHROPIC_MESSAGES, text, 'anthropic')).toBeLessThan(1_000);
    expect(boundOf(Wire.OPENAI_CHAT, { ...chat, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:application/pdf;base64,AAAA' } }] }] }, 'openai')).toBe(1_000_000);
    expect(boundOf(Wire.OPENAI_RESPONSES, { ...responses, previous_response_id: 'resp_1' }, 'responses')).toBe(1_000_000);
    expect(boundOf(Wire.OPENAI_RESPONSES, { ...responses, previous_response_id: null }, 'responses')).toBeLessThan(1_000);
  });

  it('holds every round of a provider\'s own tools, and what the searches cost; where the client set no limit, it is set', () => {
    const search = { ...messages, tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }, { name: 'mine', input_schema: { type: 'object' } }] };
    const priced = modelOf('anthropic', { price: { input: 1_000_000, output: 5_000_000, cacheRead: 0, cacheWrite: 0, request: 10_000_000_000 } }); // a cent a search
    const plan = planCall(ask(Wire.ANTHROPIC_MESSAGES, search), priced);
    expect(plan.maxInputTokens).toBe(3 * 200_000 + 10_000); // a cent is 10,000 tokens at $1 a million; the ledger sets one piece aside by itself
    expect(plan.price.request).toBe(10_000_000_000);
    expect(planCall(ask(Wire.ANTHROPIC_MESSAGES, messages), priced).price.request).toBeUndefined();
    const open = { ...search, tools: [{ type: 'web_search_20250305', name: 'web_search' }] };
    expect(bodyOf(planCall(ask(Wire.ANTHROPIC_MESSAGES, open), priced), 50_000)['tools']).toEqual([{ type: 'web_search_20250305', name: 'web_search', max_uses: 5 }]);
    const asked = { ...responses, tools: [{ type: 'web_search' }] };
    expect(bodyOf(planCall(ask(Wire.OPENAI_RESPONSES, asked), { ...priced, target: modelOf('responses').target }), 10)).toMatchObject({ max_tool_calls: 5 });
    expect(() => planCall(ask(Wire.ANTHROPIC_MESSAGES, search), modelOf('anthropic'))).toThrow(refusal('unsupported_value', 'tools'));
  });

  it('holds the searches that a model makes with every call, the larger ones as well', () => {
    const sonar = modelOf('openai', { searchesPerCall: 1, price: { input: 1_000_000, output: 1_000_000, cacheRead: 0, cacheWrite: 0, request: 5_000_000_000 } });
    expect(planCall(ask(Wire.OPENAI_CHAT, chat), sonar)).toMatchObject({ maxInputTokens: JSON.stringify(chat).length + 512, price: { request: 5_000_000_000 } });
    const large = planCall(ask(Wire.OPENAI_CHAT, { ...chat, web_search_options: { search_context_size: 'high' } }), sonar).maxInputTokens;
    expect(large).toBe(2 * 200_000 + 2 * 5_000);
  });

  it.each([
    ['MCP servers', Wire.ANTHROPIC_MESSAGES, 'anthropic', { ...messages, mcp_servers: [{ type: 'url', url: 'https://x', name: 'x' }] }, 'mcp_servers'],
    ['code that the provider runs', Wire.ANTHROPIC_MESSAGES, 'anthropic', { ...messages, tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] }, 'tools'],
    ['pictures that the provider makes', Wire.OPENAI_RESPONSES, 'responses', { ...responses, tools: [{ type: 'image_generation' }] }, 'tools'],
    ['the background', Wire.OPENAI_RESPONSES, 'responses', { ...responses, background: true }, 'background'],
  ] as const)('cannot hold %s, which are refused', (_what, wire, kind, body, param) => {
    expect(() => planCall(ask(wire, body), modelOf(kind))).toThrow(refusal('unsupported_value', param));
  });

  it('lets the client\'s own tools through, whatever their type', () => {
    const tools = ['bash_20250124', 'text_editor_20250728', 'computer_20250124', 'memory_20250818', 'custom'].map((type) => ({ type, name: type }));
    expect(() => planCall(ask(Wire.ANTHROPIC_MESSAGES, { ...messages, tools }), modelOf('anthropic'))).not.toThrow();
    const codex = [{ type: 'function', name: 'f', parameters: {} }, { type: 'custom', name: 'apply_patch' }, { type: 'local_shell' }];
    expect(() => planCall(ask(Wire.OPENAI_RESPONSES, { ...responses, tools: codex }), modelOf('responses'))).not.toThrow();
  });
});

describe('the price of the worst case', () => {
  it('has the buckets that the call can fill', () => {
    const price = { input: 3, output: 15, cacheRead: 1, cacheWrite: 4, cacheWrite1h: 6, audioInput: 100, audioOutput: 200 };
    expect(planCall(ask(Wire.ANTHROPIC_MESSAGES, messages), modelOf('anthropic', { price })).price).toEqual({ input: 3, output: 15, cacheRead: 1, cacheWrite: 4 });
    const cached = { ...messages, system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }] };
    expect(planCall(ask(Wire.ANTHROPIC_MESSAGES, cached), modelOf('anthropic', { price })).price.cacheWrite1h).toBe(6);
    expect(planCall(ask(Wire.OPENAI_CHAT, { ...chat, modalities: ['text', 'audio'], audio: { voice: 'ash', format: 'mp3' } }), modelOf('openai', { price })).price).toMatchObject({ audioInput: 100, audioOutput: 200 });
  });
});

describe('the answer', () => {
  const answer = () => ({ id: 'theirs', model: 'm-2026', parts: [{ kind: 'text' as const, text: 'hello' }], finishReason: 'stop' as const, usage: { input: 10, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: undefined } });
  const attempt = { id: '0193-4a', now: 1_700_000_000_500 };
  const body = Buffer.from('{"as":"it is"}');

  it('goes through as it is in its own wire, and is not looked at', () => {
    const plan = planCall(ask(Wire.OPENAI_CHAT, chat), modelOf('openai'));
    expect(plan.answerBytes({ body, answer: () => expect.unreachable() }, attempt)).toBe(body);
    expect(plan.writerFor(attempt)).toBeUndefined();
  });

  it.each([
    [Wire.OPENAI_CHAT, chat, 'anthropic', { id: 'chatcmpl-01934a', model: 'asked', created: 1_700_000_000, choices: [{ message: { content: 'hello' }, finish_reason: 'stop' }], usage: { prompt_tokens: 10, completion_tokens: 5 } }],
    [Wire.ANTHROPIC_MESSAGES, messages, 'openai', { id: 'msg_01934a', model: 'asked', content: [{ type: 'text', text: 'hello' }], stop_reason: 'end_turn', usage: { input_tokens: 10, output_tokens: 5 } }],
    [Wire.OPENAI_RESPONSES, responses, 'gemini', { id: 'resp_01934a', model: 'asked', status: 'completed', output: [{ content: [{ type: 'output_text', text: 'hello' }] }], usage: { input_tokens: 10, output_tokens: 5 } }],
  ] as const)('is written in the wire %i of the client', (wire, asked, kind, expected) => {
    const plan = planCall(ask(wire, asked), modelOf(kind));
    expect(JSON.parse(Buffer.from(plan.answerBytes({ body, answer }, attempt)).toString())).toMatchObject(expected);
    const writer = plan.writerFor(attempt);
    const text = [writer?.write({ kind: 'start', id: 'theirs', model: 'm' }), writer?.write({ kind: 'text', index: 0, text: 'hello' }), writer?.write({ kind: 'finish', reason: 'stop' }), writer?.end()].join('');
    expect(text).toContain('hello');
    expect(text).toContain('01934a');
  });
});

describe('a run\'s conversation', () => {
  const conversation = create(ConversationSchema, {
    messages: [
      { role: Role.SYSTEM, parts: [{ kind: { case: 'text', value: 'be brief' } }] },
      { role: Role.USER, parts: [{ kind: { case: 'text', value: 'see' } }, { kind: { case: 'image', value: { url: 'data:image/jpeg;base64,AAAA' } } }] },
      {
        role: Role.ASSISTANT,
        parts: [{ kind: { case: 'reasoning', value: 'hm' }, signature: 'anthropic:c2ln' }, { kind: { case: 'reasoning', value: '' }, signature: 'anthropic:cmVk' }, { kind: { case: 'toolCall', value: create(ToolCallSchema, { id: 'c', name: 't', arguments: '{"a":1}' }) } }],
      },
      { role: Role.TOOL, parts: [{ kind: { case: 'toolResult', value: create(ToolResultSchema, { callId: 'c', name: 't', text: '42', isError: true, images: [{ url: 'https://x/y.png' }] }) } }] },
      { role: Role.ASSISTANT, parts: [{ kind: { case: 'refusal', value: 'no' } }] },
      { role: Role.USER, parts: [{ kind: { case: 'text', value: 'why?' } }] },
    ],
    tools: [{ name: 't', description: 'd', parameters: '{"type":"object"}' }],
    parameters: { maxOutputTokens: 9_000n, responseSchema: '{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}', reasoningEffort: 'high', stop: [] },
  });
  const asked = readAskedCall(create(InferenceRequestSchema, { input: { case: 'conversation', value: conversation }, model: 'asked', wantParts: true }));

  it('keeps pictures, results with pictures, signatures, refusals, the schema and the effort', () => {
    expect(asked.isStream).toBe(true);
    expect(asked.request()).toMatchObject({
      messages: [
        { role: 'system' },
        { role: 'user', parts: [{ kind: 'text', text: 'see' }, { kind: 'image', source: { base64: 'AAAA', mediaType: 'image/jpeg' } }] },
        { role: 'assistant', parts: [{ kind: 'reasoning', text: 'hm', signature: 'anthropic:c2ln' }, { kind: 'reasoning', isRedacted: true, signature: 'anthropic:cmVk' }, { kind: 'tool_call', id: 'c', name: 't', arguments: '{"a":1}' }] },
        { role: 'tool', parts: [{ kind: 'tool_result', callId: 'c', name: 't', isError: true, parts: [{ kind: 'text', text: '42' }, { kind: 'image', source: { url: 'https://x/y.png' } }] }] },
        { role: 'assistant', parts: [{ kind: 'refusal', text: 'no' }] },
        { role: 'user' },
      ],
      maxOutputTokens: 9_000, responseFormat: { kind: 'schema', isStrict: true }, reasoning: { effort: 'high' },
    });
  });

  it('is written for every kind of provider, held to its limit', () => {
    for (const kind of ['openai', 'responses', 'anthropic', 'gemini'] as const) {
      const plan = planCall(asked, modelOf(kind, { upstreamModel: 'claude-opus-4-5' }));
      expect(plan).toMatchObject({ isPassthrough: false, maxOutputTokens: 9_000 });
      const text = plan.bodyFor(500).toString();
      for (const piece of ['be brief', 'AAAA', '42', 'why?', '500']) expect(text, `${kind} ${piece}`).toContain(piece);
      expect(plan.writerFor({ id: 'a', now: 1 })).toBeUndefined();
    }
    expect(bodyOf(planCall(asked, modelOf('anthropic', { upstreamModel: 'claude-opus-4-5' })), 9_000)['messages']).toMatchObject([{}, { content: [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }, { type: 'redacted_thinking', data: 'cmVk' }, { type: 'tool_use' }] }, {}, {}, {}]);
  });

  it('is held strictly to a schema that leaves nothing open only', () => {
    const formatOf = (responseSchema: string): unknown =>
      readAskedCall(create(InferenceRequestSchema, { input: { case: 'conversation', value: create(ConversationSchema, { parameters: { stop: [], responseSchema } }) } })).request().responseFormat;
    expect(formatOf('{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}')).toMatchObject({ isStrict: true });
    expect(formatOf('{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}')).toMatchObject({ isStrict: false });
    expect(formatOf('{"type":"array","items":{"type":"object"}}')).toMatchObject({ isStrict: false });
  });

  it.each([
    [{ reasoningEffort: 'very' }, 'reasoning_effort'],
    [{ responseSchema: '[1]' }, 'response_schema'],
  ])('is refused with %j', (parameters, param) => {
    const wrong = create(InferenceRequestSchema, { input: { case: 'conversation', value: create(ConversationSchema, { parameters: { stop: [], ...parameters } }) }, model: 'asked' });
    expect(() => planCall(readAskedCall(wrong), modelOf('openai'))).toThrow(refusal('invalid_request', param));
  });
});
