import { create } from '@bufbuild/protobuf';
import { ProviderStatusSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { foundLines, type Found } from './found.js';
import { logLine } from './log-line.js';
import { reachableUrl, readyLines } from './ready.js';

const provider = (name: string, more: { isConfigured?: boolean; keyVariable?: string; models?: string[]; baseUrl?: string } = {}) => create(ProviderStatusSchema, { name, ...more });
const found: Found = {
  postgres: { kind: 'private', folder: '.nexus/postgres', port: 5_432 },
  channels: { kind: 'twin' },
  providers: [
    provider('demo', { isConfigured: true }), provider('openai', { isConfigured: true, keyVariable: 'OPENAI_API_KEY' }), provider('groq', { keyVariable: 'GROQ_API_KEY' }),
    provider('ollama', { isConfigured: true, baseUrl: 'http://127.0.0.1:11434/v1', models: ['*', 'llama3.2'] }),
  ],
  key: { kind: 'made', file: '.nexus/dev-api-key', secret: 'nxs_secret' },
  dailyLimit: 1_000_000,
  logFile: '.nexus/nexus.log',
};
const text = (more: Partial<Found> = {}) => foundLines({ ...found, ...more }).join('\n');

it('says that the twin stands in for Redis, and how to have one', () => {
  expect(text()).toContain('in-memory twin');
  expect(text()).toContain('apt-get install redis-server');
  expect(text({ channels: { kind: 'private', url: 'redis://127.0.0.1:6400' } })).toContain('redis://127.0.0.1:6400');
  expect(text({ channels: { kind: 'given', place: 'redis://cache:6379' } })).toContain('redis://cache:6379 (REDIS_URL)');
});

it('names the providers that have a key, and a running Ollama with its models', () => {
  expect(text()).toContain('demo (answers by fixed rules, no AI); with a key: openai\n');
  expect(text()).toContain('running at http://127.0.0.1:11434/v1 with 1 model: llama3.2');
  expect(text({ providers: [] })).toContain('not in providers.yaml');
  expect(text({ providers: [provider('ollama', { baseUrl: 'http://127.0.0.1:11434/v1' })] })).toContain('not running at http://127.0.0.1:11434/v1');
});

it('shows the key that was made here, and not one that was given', () => {
  expect(text()).toContain('nxs_secret');
  expect(text({ key: { kind: 'given' } })).toContain('that of NEXUS_DEV_API_KEY');
  expect(text()).toContain('$1.000000 a day');
});

it('ends with the line that programs wait for, and a curl that a shell understands', () => {
  const lines = readyLines('http://127.0.0.1:8080', { kind: 'made', file: '', secret: 'nxs_secret' }, "what's 17.5%?");
  expect(lines[0]).toBe('NEXUS is ready: http://127.0.0.1:8080');
  expect(lines[3]).toBe(`  curl http://127.0.0.1:8080/v1/chat/completions -H 'Authorization: Bearer nxs_secret' -H 'Content-Type: application/json' -d '{"model":"agent/default","messages":[{"role":"user","content":"what'\\''s 17.5%?"}]}'`);
  expect(readyLines('http://127.0.0.1:8080', { kind: 'given' }, 'x')[3]).toContain('"Authorization: Bearer $NEXUS_DEV_API_KEY"');
  expect(reachableUrl('http://0.0.0.0:8080')).toBe('http://127.0.0.1:8080');
});

it('shows of the log what needs an eye, on one line', () => {
  expect(logLine('{"level":"info","message":"service started"}')).toBeUndefined();
  expect(logLine('no json')).toBeUndefined();
  expect(logLine('{"level":"error","service":"usage","message":"rpc failed","error":{"type":"AppError","code":"x","message":"The database\\ndoes not answer."}}')).toBe('error: usage: rpc failed: The database does not answer.');
});
