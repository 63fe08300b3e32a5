import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { redisTest } from '@nexus/testing';
import { APICallError, Output, embed, generateText, isStepCount, streamText, tool, type EmbeddingModel, type LanguageModel } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ANSWER } from './fake-orchestrator.js';
import { CHUNKS } from './fake-router.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway(redis);
});
afterAll(() => gateway.stop());

const TEXT = CHUNKS.join('');
const prompt = 'what is the answer?';
const apiKey = 'nx_a_user';
const openai = () => createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey });
const compatible = () => createOpenAICompatible({ name: 'nexus', baseURL: `${gateway.url}/v1`, apiKey, supportsStructuredOutputs: true });

const providers: readonly (readonly [string, (model: string) => LanguageModel])[] = [
  ["OpenAI's provider, with responses", (model) => openai().responses(model)],
  ["OpenAI's provider, with chat completions", (model) => openai().chat(model)],
  ["Anthropic's provider", (model) => createAnthropic({ baseURL: `${gateway.url}/v1`, apiKey })(model)],
  ['the provider for what is compatible', (model) => compatible()(model)],
];
const maxOutputTokens = 100;

describe.each(providers)("Vercel's AI SDK with %s", (_, modelOf) => {
  it('generates a text, with its usage', async () => {
    const { text, usage, finishReason } = await generateText({ maxOutputTokens, model: modelOf('gpt-4o'), prompt });
    expect({ text, finishReason, tokens: [usage.inputTokens, usage.outputTokens] }).toEqual({ text: TEXT, finishReason: 'stop', tokens: [9, 4] });
  });

  it('streams a text', async () => {
    const pieces: string[] = [];
    const result = streamText({ maxOutputTokens, model: modelOf('gpt-4o'), prompt });
    for await (const piece of result.textStream) pieces.push(piece);
    expect(pieces).toEqual([...CHUNKS]);
    expect(await result.finishReason).toBe('stop');
  });

  it('calls a tool and goes on, streamed too', async () => {
    const heard: unknown[] = [];
    const asked = {
      prompt, stopWhen: isStepCount(3),
      tools: { get_weather: tool({ description: 'The weather.', inputSchema: z.object({ city: z.string() }), execute: (input) => { heard.push(input); return 'rain'; } }) },
    };
    const { text, steps } = await generateText({ maxOutputTokens, model: modelOf('tool-loop'), ...asked });
    expect({ text, steps: steps.length, heard }).toEqual({ text: TEXT, steps: 2, heard: [{ city: 'Oslo' }] });
    const streamed = streamText({ maxOutputTokens, model: modelOf('tool-loop'), ...asked });
    expect(await streamed.text).toBe(TEXT);
    expect(heard).toHaveLength(2);
  });

  it('generates an object', async () => {
    const { output } = await generateText({ maxOutputTokens, model: modelOf('gpt-4o'), prompt, output: Output.object({ schema: z.object({ answer: z.number() }) }) });
    expect(output).toEqual({ answer: 42 });
  });

  it('asks an agent', async () => {
    expect((await generateText({ maxOutputTokens, model: modelOf('agent/default'), prompt })).text).toBe(ANSWER);
    expect(await streamText({ maxOutputTokens, model: modelOf('agent/default'), prompt }).text).toBe(ANSWER);
  });

  it('gets errors that it understands, in the midst of a stream too', async () => {
    const refused = await generateText({ maxOutputTokens, model: modelOf('missing'), prompt, maxRetries: 0 }).catch((error: unknown) => error);
    expect(APICallError.isInstance(refused)).toBe(true);
    expect(refused).toMatchObject({ statusCode: 404, isRetryable: false, message: 'It went wrong: model_not_found.' });
    await expect(generateText({ maxOutputTokens, model: modelOf('busy'), prompt, maxRetries: 0 })).rejects.toMatchObject({ statusCode: 429, isRetryable: true });
    const errors: unknown[] = [];
    const result = streamText({ maxOutputTokens, model: modelOf('cut'), prompt, maxRetries: 0, onError: ({ error }) => void errors.push(error) });
    await result.consumeStream();
    expect(errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).toContain('provider_error');
  });
});

const embedders: readonly (readonly [string, () => EmbeddingModel])[] = [
  ["OpenAI's provider", () => openai().embedding('text-embedding-x')],
  ['the provider for what is compatible', () => compatible().embeddingModel('text-embedding-x')],
];

it.each(embedders)("Vercel's AI SDK embeds with %s", async (_, modelOf) => {
  const { embedding, usage } = await embed({ model: modelOf(), value: prompt });
  expect([embedding, usage.tokens]).toEqual([[0.5, -0.25], 3]);
});
