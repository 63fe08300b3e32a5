import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FakeReply, FakeRequest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey } from './nexus-apart.js';
import { startStockNexus, type StockNexus } from './stock-nexus.js';
import { stockPrograms } from './stock-programs.js';

const run = promisify(execFile);
const programs = await stockPrograms();
const title = typeof programs === 'string' ? `RTR-8 stock programs (skipped: ${programs})` : 'RTR-8 stock programs, end to end and unmodified';

const WORD = 'xylophone-4711';
const PROMPT = 'What is the word in word.txt? Use a tool.';
const WITHIN_MS = 120_000;

describe.skipIf(typeof programs === 'string')(title, () => {
  const { claude, codex } = programs as Exclude<typeof programs, string>;
  let stock: StockNexus;
  let folder: string;

  beforeAll(async () => {
    stock = await startStockNexus();
    folder = mkdtempSync(join(tmpdir(), 'nexus-programs-'));
    for (const name of ['home', 'work']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'work', 'word.txt'), `${WORD}\n`);
  }, 90_000);
  beforeEach(() => stock.provider.reply(reply));
  afterAll(async () => {
    await stock?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Calls whichever tool reads files or runs commands, and then says the word that came back. */
  function reply({ body }: FakeRequest): FakeReply {
    const result = body.messages.findLast(({ role }) => role === 'tool')?.content;
    if (result !== undefined) return { text: JSON.stringify(result).includes(WORD) ? `The word is ${WORD}.` : `There is no word: ${JSON.stringify(result)}` };
    const tools = ((body['tools'] ?? []) as readonly { readonly function?: { readonly name: string } }[]).map((tool) => tool.function?.name);
    const calls: readonly (readonly [string, object])[] = [
      ['Read', { file_path: join(folder, 'work', 'word.txt') }],
      ['exec_command', { cmd: 'cat word.txt' }],
      ['shell', { command: ['cat', 'word.txt'] }],
      ['shell_command', { command: 'cat word.txt' }],
    ];
    const call = calls.find(([name]) => tools.includes(name));
    return call ? { toolCalls: [{ name: call[0], arguments: call[1] }] } : { text: 'A word in a file' };
  }

  /** No address but NEXUS's can be reached. */
  const environment = (more: Record<string, string>): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'], HOME: join(folder, 'home'), LANG: 'C.UTF-8',
    HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1,localhost', ...more,
  });
  const toolNames = (): readonly string[] => stock.provider.requests.map(({ body }) => ((body['tools'] ?? []) as { function?: { name: string } }[]).map((tool) => tool.function?.name).join());

  it('Claude Code reads a file with its tool and tells what is in it', { timeout: WITHIN_MS }, async () => {
    // its own name `opus` is what its variable says: of the names of NEXUS's tiers, it would look up some by itself
    const ran = run(claude, ['-p', PROMPT, '--output-format', 'json', '--model', 'opus'], {
      cwd: join(folder, 'work'), timeout: WITHIN_MS,
      env: environment({ ANTHROPIC_BASE_URL: stock.nexus.urls.gateway, ANTHROPIC_AUTH_TOKEN: apiKey, ANTHROPIC_DEFAULT_OPUS_MODEL: 'fast', ANTHROPIC_DEFAULT_HAIKU_MODEL: 'fake', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' }),
    });
    ran.child.stdin?.end();
    const { stdout } = await ran.catch((error: unknown) => error as { readonly stdout: string });
    const result = JSON.parse(stdout) as { readonly result: string; readonly is_error: boolean; readonly num_turns: number };
    expect(result, toolNames().join('\n')).toMatchObject({ result: `The word is ${WORD}.`, is_error: false, num_turns: 2 });
  });

  it('Codex runs a command with its tool and tells what it said', { timeout: WITHIN_MS }, async () => {
    // searching the web is a tool that OpenAI runs itself: no other model's provider has it
    const settings = {
      model: 'fake', model_provider: 'nexus', 'model_providers.nexus.name': 'NEXUS', 'model_providers.nexus.base_url': `${stock.nexus.urls.gateway}/v1`,
      'model_providers.nexus.env_key': 'NEXUS_API_KEY', 'model_providers.nexus.wire_api': 'responses', web_search: 'disabled',
    };
    const ran = run(codex, ['exec', ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}="${value}"`]), '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '--json', PROMPT], {
      cwd: join(folder, 'work'), timeout: WITHIN_MS, env: environment({ NEXUS_API_KEY: apiKey, CODEX_HOME: join(folder, 'home') }),
    });
    ran.child.stdin?.end();
    const { stdout } = await ran.catch((error: unknown) => error as { readonly stdout: string });
    const events = stdout.trim().split('\n').map((line) => JSON.parse(line) as { readonly type: string; readonly item?: { readonly type: string; readonly text?: string; readonly aggregated_output?: string } });
    const items = events.filter(({ type }) => type === 'item.completed').map(({ item }) => item);
    expect(items, stdout + toolNames().join('\n')).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'command_execution', aggregated_output: `${WORD}\n` }), expect.objectContaining({ type: 'agent_message', text: `The word is ${WORD}.` })]));
    expect(events.at(-1)?.type).toBe('turn.completed');
  });
});
