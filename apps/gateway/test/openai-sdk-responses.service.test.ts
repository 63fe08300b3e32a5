import { redisTest } from '@nexus/testing';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ANSWER } from './fake-orchestrator.js';
import { CHUNKS } from './fake-router.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
let openai: OpenAI;
beforeAll(async () => {
  gateway = await startGateway(redis);
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'nx_a_user', maxRetries: 0 });
});
afterAll(() => gateway.stop());

const input = 'what is the answer?';
const tools: OpenAI.Responses.Tool[] = [{ type: 'function', name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } }, strict: false }];

describe("OpenAI's own SDK, with responses", () => {
  it('gets a text', async () => {
    const { data, response } = await openai.responses.create({ model: 'gpt-4o', instructions: 'Be brief.', input }).withResponse();
    expect(data).toMatchObject({ output_text: CHUNKS.join(''), status: 'completed', usage: { total_tokens: 13 } });
    expect(response.headers.get('x-nexus-cost-micro-usd')).toBe('17');
  });

  it('streams it', async () => {
    let text = '';
    for await (const event of await openai.responses.create({ model: 'gpt-4o', input, stream: true })) if (event.type === 'response.output_text.delta') text += event.delta;
    expect(text).toBe(CHUNKS.join(''));
    const final = await openai.responses.stream({ model: 'gpt-4o', input }).finalResponse();
    expect(final.output_text).toBe(CHUNKS.join(''));
  });

  it('is asked for a tool call, and answers it with all that was said', async () => {
    const asked = await openai.responses.create({ model: 'gpt-4o', input, tools, store: false });
    const [call] = asked.output;
    expect(call).toMatchObject({ type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' });
    const said: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: input }, ...asked.output.filter((item) => item.type === 'function_call'), { type: 'function_call_output', call_id: 'call_1', output: 'rain' }];
    expect((await openai.responses.create({ model: 'gpt-4o', input: said, tools, store: false })).output_text).toBe(CHUNKS.join(''));
    const streamed = await openai.responses.stream({ model: 'gpt-4o', input, tools }).finalResponse();
    expect(streamed.output[0]).toMatchObject({ type: 'function_call', arguments: '{"city":"Oslo"}' });
  });

  it('gets structured output', async () => {
    const { output_parsed } = await openai.responses.parse({ model: 'gpt-4o', input, text: { format: zodTextFormat(z.object({ answer: z.number() }), 'answer') } });
    expect(output_parsed).toEqual({ answer: 42 });
  });

  it('asks an agent, whole and streamed', async () => {
    expect((await openai.responses.create({ model: 'agent/default', input })).output_text).toBe(ANSWER);
    expect((await openai.responses.stream({ model: 'agent/default', input }).finalResponse()).output_text).toBe(ANSWER);
  });

  it('gets the errors that it has classes for, and sees a stream that breaks as one', async () => {
    await expect(openai.responses.create({ model: 'missing', input })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(openai.responses.create({ model: 'missing', input, stream: true })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    await expect(openai.responses.create({ model: 'busy', input })).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    await expect(openai.responses.create({ model: 'gpt-4o', input, previous_response_id: 'resp_1' })).rejects.toMatchObject({ status: 400, param: 'previous_response_id' });
    const stream = await openai.responses.create({ model: 'cut', input, stream: true });
    await expect((async () => { for await (const event of stream) void event; })()).rejects.toMatchObject({ code: 'provider_error' });
  });

  it('aborts a stream, which stops the call behind it', async () => {
    const stream = await openai.responses.create({ model: 'slow', input, stream: true });
    for await (const event of stream) {
      expect(event.type).toBe('response.created');
      stream.controller.abort();
    }
    const attemptId = gateway.router.requests.at(-1)?.payload.attemptId;
    await expect.poll(() => gateway.router.cancelled).toContain(attemptId);
  });
});
