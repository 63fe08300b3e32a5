import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI, { APIUserAbortError, AuthenticationError, BadRequestError, NotFoundError } from 'openai';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey, call, root, startNexusApart, type AppName, type Nexus } from './nexus-apart.js';

const run = promisify(execFile);
const grpcServices: Record<Exclude<AppName, 'demo-model'>, string> = {
  'provider-router': 'nexus.inference.v1.ProviderService/ListModels',
  orchestrator: 'nexus.run.v1.AgentService/QueryAgent',
  settings: 'nexus.settings.v1.SettingsService/SetToolState',
  usage: 'nexus.usage.v1.UsageService/OpenAttempts',
  'tool-executor': 'nexus.tool.v1.ToolService/ListTools',
  gateway: 'nexus.run.v1.AgentService/StreamAgent',
};

describe('what others meet', () => {
  let nexus: Nexus;
  let openai: OpenAI;

  beforeAll(async () => {
    nexus = await startNexusApart();
    openai = new OpenAI({ baseURL: `${nexus.urls.gateway}/v1`, apiKey, maxRetries: 0 });
  }, 90_000);
  afterAll(() => nexus?.stop());

  it.each(Object.entries(grpcServices) as [AppName, string][])('OPS-1 %s lists its methods by reflection and says SERVING', async (app, method) => {
    const buf = (...args: string[]) => run(process.execPath, [join(root, 'node_modules/@bufbuild/buf/bin/buf'), 'curl', '--http2-prior-knowledge', '--protocol', 'grpc', ...args]);
    const { stdout } = await buf('--list-methods', nexus.urls[app]);
    expect(stdout.split('\n')).toContain(method);
    const health = await buf('-d', '{}', `${nexus.urls[app]}/grpc.health.v1.Health/Check`);
    expect(JSON.parse(health.stdout)).toEqual({ status: 'SERVING' });
  });

  it('RTR-8 the official openai client lists models, completes and streams with usage', async () => {
    const models = await openai.models.list();
    expect(models.data.map((model) => model.id)).toEqual(expect.arrayContaining(['demo/demo', 'agent/default']));
    const completion = await openai.chat.completions.create({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }] });
    expect(completion.choices[0]?.message.content).toContain('demo model');
    expect(completion.usage?.total_tokens).toBeGreaterThan(0);
    const chunks = [];
    for await (const chunk of await openai.chat.completions.create({ model: 'demo', stream: true, stream_options: { include_usage: true }, messages: [{ role: 'user', content: 'Hello' }] })) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toContain('demo model');
    expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
  });

  it('RTR-8 calls client-side tools', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', description: 'The weather of a city', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } }];
    const completion = await openai.chat.completions.create({ model: 'demo', tools, tool_choice: { type: 'function', function: { name: 'get_weather' } }, messages: [{ role: 'user', content: 'What is the weather in Tokyo?' }] });
    expect(completion.choices[0]?.finish_reason).toMatch(/tool_calls|stop/);
    expect(completion.choices[0]?.message.tool_calls?.[0]).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
  });

  it('RTR-8 gets 401 for a bad key, 404 for an unknown model, 400 for empty messages', async () => {
    const ask = (client: OpenAI, model: string, messages: { role: 'user'; content: string }[]) => client.chat.completions.create({ model, messages });
    const hello = [{ role: 'user' as const, content: 'Hello' }];
    await expect(ask(new OpenAI({ baseURL: openai.baseURL, apiKey: 'nxs_wrong', maxRetries: 0 }), 'demo', hello)).rejects.toThrow(AuthenticationError);
    await expect(ask(openai, 'no-such-model', hello)).rejects.toThrow(NotFoundError);
    await expect(ask(openai, 'demo', [])).rejects.toThrow(BadRequestError);
    await expect(ask(openai, 'demo', hello)).resolves.toBeDefined();
  });

  it('RTR-8 neither lists nor calls the models of a provider that is switched off for the tenant', async () => {
    const listed = async (): Promise<boolean> => (await openai.models.list()).data.some((model) => model.id === 'demo/demo');
    const ask = () => openai.chat.completions.create({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }] });
    const switchTo = (enabled: boolean) => call(nexus.urls.gateway, 'nexus.settings.v1.SettingsService/SetProviderState', { provider: 'demo', enabled });
    await switchTo(false);
    await expect.poll(listed, { timeout: 10_000 }).toBe(false);
    await expect(ask()).rejects.toMatchObject({ status: 403, code: 'provider_disabled' });
    await switchTo(true);
    await expect.poll(listed, { timeout: 10_000 }).toBe(true);
    await ask();
  });

  it('RTR-8 can abort a stream, which is settled all the same', async () => {
    const stop = new AbortController();
    const stream = await openai.chat.completions.create({ model: 'demo;chunks=200;chunkdelay=50', stream: true, messages: [{ role: 'user', content: 'Tell me a long story' }] }, { signal: stop.signal });
    const read = async (): Promise<void> => {
      for await (const _ of stream) stop.abort();
    };
    await read().catch((error: unknown) => expect(error).toBeInstanceOf(APIUserAbortError));
    const client = new Client({ connectionString: nexus.databaseUrl });
    await client.connect();
    await expect.poll(async () => (await client.query(`SELECT 1 FROM usage.attempt WHERE model LIKE 'demo;chunks=200%' AND state = 'settled'`)).rowCount, { timeout: 10_000 }).toBe(1);
    await client.end();
  });

  it('RUN-1 RTR-8 agent/default answers with both tools called in one step', async () => {
    const completion = await openai.chat.completions.create({ model: 'agent/default', messages: [{ role: 'user', content: 'What is 17.5% of 1,280, and what time is it in Tokyo?' }] });
    expect(completion.choices[0]?.message.content).toContain('224');
    const { run_id: id } = (completion as unknown as { nexus: { run_id: string } }).nexus;
    const { events } = await call(nexus.urls.gateway, 'nexus.run.v1.ThreadService/GetRun', { id });
    const tools = (events as { kind: string; step?: number }[]).filter((event) => event.kind === 'tool_finished');
    expect(tools).toHaveLength(2);
    expect(new Set(tools.map((event) => event.step)).size).toBe(1);
  });
});
