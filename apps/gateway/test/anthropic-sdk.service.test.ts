import Anthropic from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { redisTest } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ANSWER } from './fake-orchestrator.js';
import { CHUNKS } from './fake-router.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
let anthropic: Anthropic;
beforeAll(async () => {
  gateway = await startGateway(redis);
  anthropic = client('nx_a_user');
});
afterAll(() => gateway.stop());

const client = (apiKey: string): Anthropic => new Anthropic({ baseURL: gateway.url, apiKey, maxRetries: 0 });
const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'what is the answer?' }];
const tools: Anthropic.Tool[] = [{ name: 'get_weather', description: 'The weather.', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];
const asked = { model: 'claude-x', max_tokens: 100, messages };

describe("Anthropic's own SDK", () => {
  it('gets a message', async () => {
    const { data, response, request_id } = await anthropic.messages.create({ ...asked, system: 'Be brief.' }).withResponse();
    expect(data).toMatchObject({ type: 'message', content: [{ type: 'text', text: CHUNKS.join('') }], stop_reason: 'end_turn', usage: { input_tokens: 9, output_tokens: 4 } });
    expect(response.headers.get('x-nexus-cost-micro-usd')).toBe('17');
    expect(request_id).toBe(gateway.router.requests.at(-1)?.payload.attemptId);
  });

  it('sends its key as a bearer too', async () => {
    const bearer = new Anthropic({ baseURL: gateway.url, apiKey: null, authToken: 'nx_a_user' });
    expect((await bearer.messages.create(asked)).content).toHaveLength(1);
  });

  it('streams one', async () => {
    const stream = anthropic.messages.stream(asked);
    let text = '';
    stream.on('text', (delta) => (text += delta));
    const final = await stream.finalMessage();
    expect(text).toBe(CHUNKS.join(''));
    expect(final).toMatchObject({ stop_reason: 'end_turn', usage: { output_tokens: 4 } });
  });

  it('is asked for a tool call, and answers it, whole and streamed', async () => {
    const first = await anthropic.messages.create({ ...asked, tools });
    expect(first).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', id: 'call_1', name: 'get_weather', input: { city: 'Oslo' } }] });
    const answered = await anthropic.messages.create({ ...asked, tools, messages: [...messages, { role: 'assistant', content: first.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'rain' }] }] });
    expect(answered.stop_reason).toBe('end_turn');
    expect((await anthropic.messages.stream({ ...asked, tools }).finalMessage()).content).toMatchObject([{ type: 'tool_use', input: { city: 'Oslo' } }]);
  });

  it('gets structured output', async () => {
    const { parsed_output } = await anthropic.messages.parse({ ...asked, output_config: { format: zodOutputFormat(z.object({ answer: z.number() })) } });
    expect(parsed_output).toEqual({ answer: 42 });
  });

  it('counts tokens', async () => {
    const { input_tokens } = await anthropic.messages.countTokens({ model: 'claude-x', messages, tools });
    expect(input_tokens).toBeGreaterThan(10);
  });

  it('lists models page by page, and retrieves one', async () => {
    const ids: string[] = [];
    for await (const model of anthropic.models.list({ limit: 1 })) ids.push(model.id);
    expect(ids).toEqual(['agent/default', 'agent/research', 'openai/gpt-4o']);
    expect(await anthropic.models.retrieve('openai/gpt-4o')).toMatchObject({ id: 'openai/gpt-4o', type: 'model' });
  });

  it('asks an agent, whole and streamed', async () => {
    expect((await anthropic.messages.create({ ...asked, model: 'agent/default' })).content).toMatchObject([{ type: 'text', text: ANSWER }]);
    expect((await anthropic.messages.stream({ ...asked, model: 'agent/default' }).finalMessage()).content).toMatchObject([{ type: 'text', text: ANSWER }]);
  });

  it('gets the errors that it has classes for', async () => {
    await expect(client('wrong').messages.create(asked)).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    await expect(client('wrong').models.list()).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    await expect(anthropic.messages.create({ ...asked, model: 'missing' })).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    await expect(anthropic.messages.create({ ...asked, messages: [] })).rejects.toBeInstanceOf(Anthropic.BadRequestError);
    await expect(anthropic.messages.create({ ...asked, model: 'busy' })).rejects.toMatchObject({ status: 429, error: { type: 'error', error: { type: 'rate_limit_error' } } });
    await expect(anthropic.models.retrieve('none')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });

  it('sees a stream that breaks as an error, not as an end', async () => {
    const stream = await anthropic.messages.create({ ...asked, model: 'cut', stream: true });
    await expect((async () => { for await (const event of stream) void event; })()).rejects.toBeInstanceOf(Anthropic.APIError);
  });

  it('aborts a stream, which stops the call behind it', async () => {
    const stream = await anthropic.messages.create({ ...asked, model: 'slow', stream: true });
    const heard: string[] = [];
    for await (const event of stream) {
      heard.push(event.type);
      stream.controller.abort();
    }
    expect(heard[0]).toBe('message_start');
    const attemptId = gateway.router.requests.at(-1)?.payload.attemptId;
    await expect.poll(() => gateway.router.cancelled).toContain(attemptId);
  });
});
