import { create } from '@bufbuild/protobuf';
import { InferenceRequestSchema, Wire } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { readAskedCall } from './asked-call.js';
import { planCall, type CallPlan } from './plan-call.js';
import { modelOf } from './routing/models.fixture.js';

const model = {
  ...modelOf({ contextWindow: 200_000, maxOutputTokens: 1_000 }, { hasResponses: true }),
  price: { input: 3_000_000, output: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000, cacheWrite1h: 6_000_000, audioInput: 40_000_000, audioOutput: 80_000_000, request: 10_000_000_000 },
};
const anthropic = { ...model, target: { ...model.target, kind: 'anthropic' as const } };
const plan = (wire: Wire, body: object | string): CallPlan =>
  planCall(readAskedCall(create(InferenceRequestSchema, { input: { case: 'body', value: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }, wire, model: 'm' })), wire === Wire.ANTHROPIC_MESSAGES ? anthropic : model);
const sent = (wire: Wire, body: object): unknown => JSON.parse(plan(wire, body).bodyFor(100).toString());

const messages = [{ role: 'user', content: 'hi' }];
const chat = { model: 'm', max_tokens: 100, messages };
const responses = { model: 'm', max_output_tokens: 100, input: 'hi' };

describe('service that costs more than the listed price', () => {
  it.each([
    [Wire.OPENAI_CHAT, chat, { service_tier: 'priority' }],
    [Wire.OPENAI_CHAT, chat, { prediction: { type: 'content', content: 'what was there' } }],
    [Wire.OPENAI_RESPONSES, responses, { service_tier: 'priority' }],
    [Wire.ANTHROPIC_MESSAGES, chat, { speed: 'fast' }],
  ])('for the sake of speed is not asked for (%i, %j, %j)', (wire, body, wish) => {
    expect(sent(wire, { ...body, ...wish })).toEqual(body);
  });

  it.each([
    [Wire.OPENAI_CHAT, chat, { service_tier: 'flex' }],
    [Wire.OPENAI_CHAT, chat, { models: [], plugins: null }],
    [Wire.ANTHROPIC_MESSAGES, chat, { speed: 'standard', service_tier: 'standard_only', context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }],
  ])('is not what is asked for here, which goes through (%i, %j, %j)', (wire, body, wish) => {
    expect(sent(wire, { ...body, ...wish })).toEqual({ ...body, ...wish });
  });

  it.each([
    [Wire.OPENAI_CHAT, chat, { models: ['openai/dear'] }, 'models'],
    [Wire.OPENAI_CHAT, chat, { plugins: [{ id: 'web' }] }, 'plugins'],
    [Wire.OPENAI_CHAT, chat, { search_parameters: { mode: 'on' } }, 'search_parameters'],
    [Wire.OPENAI_CHAT, chat, { tools: [{ type: 'browser_search' }] }, 'tools'],
    [Wire.ANTHROPIC_MESSAGES, chat, { inference_geo: 'us' }, 'inference_geo'],
    [Wire.ANTHROPIC_MESSAGES, chat, { context_management: { edits: [{ type: 'compact_20260112' }] } }, 'context_management'],
  ])('is refused where it changes the answer (%i, %j, %j)', (wire, body, wish, param) => {
    expect(() => plan(wire, { ...body, ...wish })).toThrow(expect.objectContaining({ code: 'unsupported_value', param }));
  });
});

describe('the worst case', () => {
  it.each([
    ['an item of the input', Wire.OPENAI_RESPONSES, { ...responses, input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['an item without a type', Wire.OPENAI_RESPONSES, { ...responses, input: [{ id: 'msg_1' }] }],
    ['what it has summed up', Wire.OPENAI_RESPONSES, { ...responses, input: [{ type: 'compaction', id: 'cmp_1' }] }],
    ['something said', Wire.OPENAI_CHAT, { ...chat, messages: [{ role: 'assistant', audio: { id: 'audio_1' } }, ...messages] }],
    ['a cache of Gemini', Wire.OPENAI_CHAT, { ...chat, extra_body: { google: { cached_content: 'cachedContents/1' } } }],
  ])('holds all that a model can read where the provider keeps %s', (_what, wire, body) => {
    expect(plan(wire, body).maxInputTokens).toBe(200_000);
  });

  it('holds a picture that a computer shows, and not the window for what is in the body', () => {
    expect(plan(Wire.OPENAI_RESPONSES, { ...responses, input: [{ type: 'computer_call_output', call_id: 'c', output: { type: 'computer_screenshot', image_url: 'https://example.org/x.png' } }] }).maxInputTokens).toBeGreaterThan(50_000);
    expect(plan(Wire.OPENAI_RESPONSES, { ...responses, input: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'abc' }] }).maxInputTokens).toBeLessThan(2_000);
  });

  it('knows words however their letters are written', () => {
    expect(plan(Wire.OPENAI_CHAT, '{"model":"m","messages":[],"modalities":["text","\\u0061udio"],"\\u0061udio":{"voice":"x","format":"mp3"}}').price).toMatchObject({ audioOutput: 80_000_000 });
    expect(plan(Wire.ANTHROPIC_MESSAGES, '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1\\u0068"}}]}]}').price).toMatchObject({ cacheWrite1h: 6_000_000 });
    expect(plan(Wire.OPENAI_CHAT, chat).price).not.toHaveProperty('audioOutput');
  });

  it('holds a search of the usual size as a large one, since not every provider makes small ones unasked', () => {
    const searching = (options: object): number => plan(Wire.OPENAI_CHAT, { ...chat, web_search_options: options }).maxInputTokens;
    expect(searching({})).toBe(searching({ search_context_size: 'high' }));
    expect(searching({})).toBeGreaterThan(searching({ search_context_size: 'low' }));
  });
});
