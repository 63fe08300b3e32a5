import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { Output, generateText, isStepCount, streamText, tool, type LanguageModel } from 'ai';
import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

/** What every stock client can do with a model, in its own way. Each rejects as the client does. */
export interface StockClient {
  readonly name: string;
  text(model: string, prompt: string): Promise<string>;
  stream(model: string, prompt: string): Promise<string>;
  /** Answers the model's call of `get_weather` with the city in upper case, and gives what the model says then. */
  tools(model: string, prompt: string): Promise<string>;
  object(model: string, prompt: string): Promise<unknown>;
}

const answer = z.object({ answer: z.number() });
const schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const description = 'The weather of a city.';
const weatherOf = (args: unknown): string => z.object({ city: z.string() }).parse(typeof args === 'string' ? JSON.parse(args) : args).city.toUpperCase();

function openAiChat(openai: OpenAI): StockClient {
  const asked = (model: string, content: string) => ({ model, messages: [{ role: 'user' as const, content }] });
  return {
    name: "OpenAI's SDK, chat completions",
    text: async (model, prompt) => (await openai.chat.completions.create(asked(model, prompt))).choices[0]?.message.content ?? '',
    async stream(model, prompt) {
      let text = '';
      for await (const chunk of await openai.chat.completions.create({ ...asked(model, prompt), stream: true })) text += chunk.choices[0]?.delta.content ?? '';
      return text;
    },
    async tools(model, prompt) {
      const run = openai.chat.completions.runTools({
        ...asked(model, prompt), stream: true,
        tools: [{ type: 'function', function: { name: 'get_weather', description, parameters: schema, parse: weatherOf, function: (weather: string) => weather } }],
      });
      return (await run.finalContent()) ?? '';
    },
    object: async (model, prompt) => (await openai.chat.completions.parse({ ...asked(model, prompt), response_format: zodResponseFormat(answer, 'answer') })).choices[0]?.message.parsed,
  };
}

function openAiResponses(openai: OpenAI): StockClient {
  return {
    name: "OpenAI's SDK, responses",
    text: async (model, input) => (await openai.responses.create({ model, input })).output_text,
    stream: async (model, input) => {
      let text = '';
      for await (const event of await openai.responses.create({ model, input, stream: true })) if (event.type === 'response.output_text.delta') text += event.delta;
      return text;
    },
    async tools(model, prompt) {
      const tools: OpenAI.Responses.Tool[] = [{ type: 'function', name: 'get_weather', description, parameters: schema, strict: true }];
      const said: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: prompt }];
      const { output } = await openai.responses.stream({ model, input: said, tools, store: false }).finalResponse();
      const calls = output.filter((item) => item.type === 'function_call');
      const results = calls.map((call) => ({ type: 'function_call_output' as const, call_id: call.call_id, output: weatherOf(call.arguments) }));
      return (await openai.responses.create({ model, input: [...said, ...calls, ...results], tools, store: false })).output_text;
    },
    object: async (model, input) => (await openai.responses.parse({ model, input, text: { format: zodTextFormat(answer, 'answer') } })).output_parsed,
  };
}

function anthropicMessages(anthropic: Anthropic): StockClient {
  const asked = (model: string, content: string) => ({ model, max_tokens: 100, messages: [{ role: 'user' as const, content }] });
  const textOf = ({ content }: Anthropic.Message): string => content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  return {
    name: "Anthropic's SDK",
    text: async (model, prompt) => textOf(await anthropic.messages.create(asked(model, prompt))),
    stream: async (model, prompt) => textOf(await anthropic.messages.stream(asked(model, prompt)).finalMessage()),
    async tools(model, prompt) {
      const tools: Anthropic.Tool[] = [{ name: 'get_weather', description, input_schema: schema }];
      const { content } = await anthropic.messages.stream({ ...asked(model, prompt), tools }).finalMessage();
      const results = content.flatMap((block) => (block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: weatherOf(block.input) }] : []));
      return textOf(await anthropic.messages.create({ ...asked(model, prompt), tools, messages: [{ role: 'user', content: prompt }, { role: 'assistant', content }, { role: 'user', content: results }] }));
    },
    object: async (model, prompt) => (await anthropic.messages.parse({ ...asked(model, prompt), output_config: { format: zodOutputFormat(answer) } })).parsed_output,
  };
}

function aiSdk(name: string, modelOf: (model: string) => LanguageModel): StockClient {
  const usual = { maxOutputTokens: 100, maxRetries: 0 };
  const tools = { get_weather: tool({ description, inputSchema: z.object({ city: z.string() }), execute: weatherOf }) };
  return {
    name: `Vercel's AI SDK, ${name}`,
    text: async (model, prompt) => (await generateText({ ...usual, model: modelOf(model), prompt })).text,
    async stream(model, prompt) {
      let failure: unknown;
      const result = streamText({ ...usual, model: modelOf(model), prompt, onError: ({ error }) => void (failure = error) });
      let text = '';
      for await (const piece of result.textStream) text += piece;
      if (failure !== undefined) throw failure instanceof Error ? failure : new Error(JSON.stringify(failure));
      return text;
    },
    tools: async (model, prompt) => streamText({ ...usual, model: modelOf(model), prompt, tools, stopWhen: isStepCount(3) }).text,
    object: async (model, prompt) => (await generateText({ ...usual, model: modelOf(model), prompt, output: Output.object({ schema: answer }) })).output,
  };
}

/** The clients as they come from their packages, told nothing but where NEXUS is and a key; they send nothing twice. */
export function stockClients(url: () => string, apiKey: string): readonly StockClient[] {
  const v1 = (): string => `${url()}/v1`;
  const openai = lazily(() => new OpenAI({ baseURL: v1(), apiKey, maxRetries: 0 }));
  const anthropic = lazily(() => new Anthropic({ baseURL: url(), apiKey, maxRetries: 0 }));
  const vercel = (): ReturnType<typeof createOpenAI> => createOpenAI({ baseURL: v1(), apiKey });
  return [
    openAiChat(openai), openAiResponses(openai), anthropicMessages(anthropic),
    aiSdk('responses', (model) => vercel().responses(model)),
    aiSdk('chat completions', (model) => vercel().chat(model)),
    aiSdk("Anthropic's messages", (model) => createAnthropic({ baseURL: v1(), apiKey })(model)),
    aiSdk('compatible', (model) => createOpenAICompatible({ name: 'nexus', baseURL: v1(), apiKey, supportsStructuredOutputs: true })(model)),
  ];
}

/** Made when it is first used, as the address is not known before. */
function lazily<T extends object>(make: () => T): T {
  let made: T | undefined;
  return new Proxy({} as T, { get: (_, name) => Reflect.get((made ??= make()), name) as unknown });
}
