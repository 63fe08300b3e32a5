import { create } from '@bufbuild/protobuf';
import { ConversationSchema, InferenceRequestSchema, Role, ToolCallSchema, ToolResultSchema, type Conversation } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { readAskedCall } from './asked-call.js';
import type { ResolvedModel } from './model-catalog.js';
import { planCall, type CallPlan } from './plan-call.js';
import type { ProviderTarget } from './provider-target.js';

const target: ProviderTarget = {
  name: 'openai', kind: 'openai', baseUrl: 'http://x/v1', apiKey: 'k', headers: {}, outputLimitParameter: 'max_completion_tokens', streamUsage: true, hasResponses: false, maxConnections: 1,
  timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1, totalMs: 1 }, lookup: undefined, limits: { requestsPerMinute: undefined, tokensPerMinute: undefined }, breaker: { failures: 5, windowMs: 1, openMs: 1 },
};
const model: ResolvedModel = {
  id: 'openai/gpt-x', target, upstreamModel: 'gpt-x', price: { input: 1, output: 2, cacheRead: 1, cacheWrite: 1 }, longContext: undefined,
  maxOutputTokens: 1_000, defaultMaxOutputTokens: undefined, contextWindow: 100_000, mode: 'chat', abilities: { tools: true, vision: true, jsonSchema: undefined, reasoning: false, audio: undefined, files: undefined },
};
const planOpenAiCall = (value: Uint8Array<ArrayBuffer>, of: ResolvedModel): CallPlan => planCall(readAskedCall(create(InferenceRequestSchema, { input: { case: 'body', value } })), of);
const planConversation = (value: Conversation, of: ResolvedModel, wantParts: boolean): CallPlan =>
  planCall(readAskedCall(create(InferenceRequestSchema, { input: { case: 'conversation', value }, wantParts })), of);
const bytes = (body: unknown) => Buffer.from(JSON.stringify(body));
const sent = (body: Record<string, unknown>, granted: number, of = model): Record<string, unknown> => JSON.parse(planOpenAiCall(bytes(body), of).bodyFor(granted).toString()) as Record<string, unknown>;
const body = { model: 'gpt-x', max_completion_tokens: 100, messages: [{ role: 'user', content: 'häi' }] };

describe('planOpenAiCall', () => {
  it('leaves the bytes of the client alone when nothing must change', () => {
    const original = Buffer.from(`{ "model":"gpt-x","max_completion_tokens":100, "messages":[] ,"seed":12345678901234567890}`);
    expect(planOpenAiCall(original, model).bodyFor(100).toString()).toBe(original.toString());
  });

  it('bounds the input by its bytes, pictures by the dearest of them, all by the context window', () => {
    const plain = planOpenAiCall(bytes(body), model).maxInputTokens;
    expect(plain).toBe(bytes(body).length + 512);
    const picture = { ...body, messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'image_url', image_url: { url: 'https://x/y.png' } }] }] };
    expect(planOpenAiCall(bytes(picture), model).maxInputTokens).toBeGreaterThan(50_000);
    expect(planOpenAiCall(bytes({ ...picture, messages: [...picture.messages, ...picture.messages, ...picture.messages] }), model).maxInputTokens).toBe(100_000);
  });

  it('asks for no more output than the budget grants, under the name that the provider knows', () => {
    expect(sent(body, 40)).toEqual({ ...body, max_completion_tokens: 40 });
    expect(sent(body, 5_000)).toEqual(body);
    const { max_completion_tokens: limit, ...rest } = body;
    for (const granted of [40, 5_000]) expect(sent({ ...rest, max_tokens: limit }, granted)).toEqual({ ...body, max_completion_tokens: Math.min(limit, granted) });
  });

  it('sets a ceiling on the output when the client set none, unless output is free', () => {
    const { max_completion_tokens: _, ...open } = body;
    expect(planOpenAiCall(bytes(open), model).maxOutputTokens).toBe(1_000);
    expect(sent(open, 777)).toMatchObject({ max_completion_tokens: 777 });
    expect(sent({ ...open, max_tokens: '5000', max_completion_tokens: -1 }, 777)).toEqual({ ...open, max_completion_tokens: 777 });
    expect(sent(open, 777, { ...model, price: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } })).toEqual(open);
  });

  it('keeps what the client wrote, byte for byte, where it only adds to it', () => {
    const original = Buffer.from('{ "messages":[],\n"seed":12345678901234567890, "model":"gpt-x" }\n');
    expect(planOpenAiCall(original, model).bodyFor(7).toString()).toBe('{ "messages":[],\n"seed":12345678901234567890, "model":"gpt-x" ,"max_completion_tokens":7}');
  });

  it('counts every choice', () => {
    const five = { ...body, n: 5 };
    expect(planOpenAiCall(bytes(five), model)).toMatchObject({ maxOutputTokens: 500, minOutputTokens: 80 });
    expect(sent(five, 500)).toEqual(five);
    expect(sent(five, 99)).toEqual({ ...five, max_completion_tokens: 19 });
    for (const n of [0, -1, 1.5, 129, '5', true, {}]) expect(() => planOpenAiCall(bytes({ ...body, n }), model)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'n' }));
    expect(planOpenAiCall(bytes({ ...body, n: null }), model).maxOutputTokens).toBe(100);
  });

  it('never asks the ledger for more than a model can write', () => {
    expect(planOpenAiCall(bytes({ ...body, max_completion_tokens: Number.MAX_SAFE_INTEGER }), { ...model, maxOutputTokens: undefined }).maxOutputTokens).toBe(10_000_000);
  });

  it('replaces the name by the provider\'s own, and asks streams for their usage', () => {
    expect(sent({ ...body, model: 'openai/gpt-x' }, 100)).toEqual(body);
    const plan = planOpenAiCall(bytes({ ...body, stream: true }), model);
    expect(plan).toMatchObject({ isStream: true, wantsUsage: false });
    expect(JSON.parse(plan.bodyFor(100).toString())).toMatchObject({ stream_options: { include_usage: true } });
    expect(planOpenAiCall(bytes({ ...body, stream: true, stream_options: { include_usage: true } }), model).wantsUsage).toBe(true);
  });

  it('does not send stream options to a provider that refuses them', () => {
    const plain = { ...model, target: { ...target, streamUsage: false } };
    const plan = planOpenAiCall(bytes({ ...body, stream: true, stream_options: { include_usage: true } }), plain);
    expect(JSON.parse(plan.bodyFor(100).toString())).toEqual({ ...body, stream: true });
    expect(plan.wantsUsage).toBe(true);
  });

  it('refuses what is no JSON object', () => {
    for (const wrong of ['[1]', '{', '7', '{}']) expect(() => planOpenAiCall(Buffer.from(wrong), model)).toThrow('JSON object');
  });
});

describe('planConversation', () => {
  it('writes a run\'s conversation as OpenAI does', () => {
    const conversation = create(ConversationSchema, {
      messages: [
        { role: Role.SYSTEM, parts: [{ kind: { case: 'text', value: 'be brief' } }] },
        { role: Role.USER, parts: [{ kind: { case: 'text', value: 'see' } }, { kind: { case: 'image', value: { url: 'https://x/y.png' } } }] },
        { role: Role.ASSISTANT, parts: [{ kind: { case: 'reasoning', value: 'hm' } }, { kind: { case: 'toolCall', value: create(ToolCallSchema, { id: 'c', name: 't', arguments: '{}' }) } }] },
        { role: Role.TOOL, parts: ['c', 'd'].map((callId) => ({ kind: { case: 'toolResult' as const, value: create(ToolResultSchema, { callId, text: '42' }) } })) },
      ],
      tools: [{ name: 't', description: 'd', parameters: '{"type":"object"}' }],
      parameters: { temperature: 0.5, maxOutputTokens: 9n, stop: [], toolChoice: 't' },
    });
    expect(JSON.parse(planConversation(conversation, model, false).bodyFor(9).toString())).toEqual({
      model: 'gpt-x',
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: [{ type: 'text', text: 'see' }, { type: 'image_url', image_url: { url: 'https://x/y.png' } }] },
        { role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'function', function: { name: 't', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'c', content: '42' },
        { role: 'tool', tool_call_id: 'd', content: '42' },
      ],
      tools: [{ type: 'function', function: { name: 't', description: 'd', parameters: { type: 'object' } } }],
      temperature: 0.5, max_completion_tokens: 9, tool_choice: { type: 'function', function: { name: 't' } },
    });
  });

  it('names the tool whose parameters cannot be read', () => {
    const conversation = create(ConversationSchema, { tools: [{ name: 't', parameters: '{' }] });
    expect(() => planConversation(conversation, model, false)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'tools', message: expect.stringContaining('"t"') as string }));
  });
});
