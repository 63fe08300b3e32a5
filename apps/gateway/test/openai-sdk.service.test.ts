import { redisTest } from '@nexus/testing';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHUNKS } from './fake-router.js';
import { ANSWER } from './fake-orchestrator.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
let openai: OpenAI;
beforeAll(async () => {
  gateway = await startGateway(redis);
  openai = client('nx_a_user');
});
afterAll(() => gateway.stop());

const client = (apiKey: string): OpenAI => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey });
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'what is the answer?' }];
const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];

describe("OpenAI's own SDK", () => {
  it('lists models and retrieves one', async () => {
    const ids: string[] = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    expect(ids).toEqual(['agent/default', 'agent/research', 'openai/gpt-4o']);
    expect(await openai.models.retrieve('openai/gpt-4o')).toMatchObject({ id: 'openai/gpt-4o', owned_by: 'openai' });
    expect(await openai.models.retrieve('bench/fake-7')).toMatchObject({ id: 'bench/fake-7' });
    await expect(openai.models.retrieve('openai/none')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it('completes', async () => {
    const { data, response, request_id } = await openai.chat.completions.create({ model: 'gpt-4o', messages }).withResponse();
    expect(data.choices[0]?.message.content).toBe(CHUNKS.join(''));
    expect(response.headers.get('x-nexus-cost-micro-usd')).toBe('17');
    expect(request_id).toBe(gateway.router.requests.at(-1)?.payload.attemptId);
  });

  it('streams, with usage', async () => {
    const stream = await openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true, stream_options: { include_usage: true } });
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(CHUNKS.join(''));
    expect(usage).toMatchObject({ total_tokens: 13 });
  });

  it('has its own tools called, whole and streamed', async () => {
    const whole = await openai.chat.completions.create({ model: 'gpt-4o', messages, tools });
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }] } });
    const call = whole.choices[0]?.message;
    const answered = await openai.chat.completions.create({ model: 'gpt-4o', messages: [...messages, ...(call ? [call] : []), { role: 'tool', tool_call_id: 'call_1', content: 'rain' }] });
    expect(answered.choices[0]?.finish_reason).toBe('stop');
    const streamed = openai.chat.completions.stream({ model: 'gpt-4o', messages, tools });
    expect((await streamed.finalChatCompletion()).choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } });
  });

  it('asks an agent, whole and streamed', async () => {
    const whole = await openai.chat.completions.create({ model: 'agent/default', messages });
    expect(whole).toMatchObject({ model: 'agent/default', choices: [{ message: { content: ANSWER }, finish_reason: 'stop' }], usage: { prompt_tokens: 25, completion_tokens: 11, total_tokens: 36 }, nexus: { cost_micro_usd: 42, steps: 2 } });
    expect(whole.choices[0]?.message.tool_calls).toBeUndefined();
    const streamed = await openai.chat.completions.stream({ model: 'agent/default', messages }).finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe(ANSWER);
  });

  it('gets the errors that it has classes for', async () => {
    await expect(client('wrong').chat.completions.create({ model: 'gpt-4o', messages })).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(client('wrong').models.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    await expect(openai.chat.completions.create({ model: 'missing', messages })).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
    await expect(openai.chat.completions.create({ model: 'missing', messages, stream: true })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(openai.chat.completions.create({ model: 'gpt-4o', messages: [] })).rejects.toMatchObject({ status: 400, param: 'messages' });
    await expect(openai.chat.completions.create({ model: 'agent/default', messages, tools })).rejects.toMatchObject({ status: 400, param: 'tools' });
    await expect(openai.chat.completions.create({ model: 'agent/poor', messages })).rejects.toMatchObject({ status: 429, code: 'budget_exceeded', type: 'insufficient_quota' });
  });

  it('embeds, as numbers however they travel', async () => {
    const { data, usage } = await openai.embeddings.create({ model: 'gpt-4o', input: ['one', 'two'] });
    expect(data.map(({ embedding }) => [...embedding])).toEqual([[0.5, -0.25], [0.5, -0.25]]);
    expect(usage.total_tokens).toBe(3);
    expect((await openai.embeddings.create({ model: 'gpt-4o', input: 'one', encoding_format: 'float' })).data[0]?.embedding).toEqual([0.5, -0.25]);
  });

  it('sees a stream that breaks as an error, not as an end', async () => {
    const stream = await openai.chat.completions.create({ model: 'cut', messages, stream: true });
    const read = async (): Promise<string> => {
      let text = '';
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
      return text;
    };
    await expect(read()).rejects.toMatchObject({ code: 'provider_error' });
  });

  it('aborts a stream, which stops the call behind it', async () => {
    const stream = await openai.chat.completions.create({ model: 'slow', messages, stream: true });
    for await (const chunk of stream) {
      expect(chunk.choices[0]?.delta.content).toBe('one');
      stream.controller.abort();
    }
    const attemptId = gateway.router.requests.at(-1)?.payload.attemptId;
    await expect.poll(() => gateway.router.cancelled).toContain(attemptId);
  });

  it('does not repeat what it is told not to repeat', async () => {
    const before = gateway.router.requests.length;
    await expect(openai.chat.completions.create({ model: 'cut', messages, stream: true }).then(async (stream) => { for await (const chunk of stream) void chunk; })).rejects.toThrow();
    expect(gateway.router.requests.length).toBe(before + 1);
  });
});
