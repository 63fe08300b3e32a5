import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { runTool } from './run-tool.js';
import type { Tool, ToolContext } from './tool.js';

const tool = (run: Tool['run'], overrides: Partial<Tool> = {}): Tool => ({
  name: 'probe',
  description: 'A tool under test.',
  parameters: { type: 'object' },
  isIdempotent: true,
  timeoutMs: 10_000,
  maxResultBytes: 256,
  run,
  ...overrides,
});

const context = (signal = new AbortController().signal): ToolContext => ({ signal, now: () => 0, timezone: 'UTC' });
const never = (): Promise<string> => new Promise(() => {});

describe('runTool', () => {
  it('passes the result on, and gives the tool its arguments and context', async () => {
    const echo = tool(async (args, at) => JSON.stringify({ args, timezone: at.timezone, now: at.now() }));
    expect(await runTool(echo, { a: 1 }, context())).toEqual({ kind: 'ok', text: '{"args":{"a":1},"timezone":"UTC","now":0}', truncated: false });
  });

  it('cuts a long result at a character and says so, within the size', async () => {
    const outcome = await runTool(tool(async () => '日'.repeat(200)), {}, context());
    if (outcome.kind !== 'ok') throw new Error(outcome.code);
    expect(outcome.truncated).toBe(true);
    expect(Buffer.byteLength(outcome.text)).toBeLessThanOrEqual(256);
    expect(outcome.text).toMatch(/^日+\n\[cut: the result has 600 bytes, only its beginning is shown\]$/);
  });

  it('leaves a result of exactly the size alone', async () => {
    expect(await runTool(tool(async () => 'x'.repeat(256)), {}, context())).toMatchObject({ truncated: false });
  });

  it('ends in time although the tool ignores its signal', async () => {
    expect(await runTool(tool(never, { timeoutMs: 20 }), {}, context())).toEqual({
      kind: 'error',
      code: 'tool_timeout',
      message: 'probe did not finish within 20 ms.',
      isRetryable: true,
    });
  });

  it('takes less time when less is left, never more', async () => {
    expect(await runTool(tool(never), {}, context(), { timeoutMs: 20 })).toMatchObject({ code: 'tool_timeout', message: 'probe did not finish within 20 ms.' });
    expect(await runTool(tool(never, { timeoutMs: 20 }), {}, context(), { timeoutMs: 60_000 })).toMatchObject({ message: 'probe did not finish within 20 ms.' });
  });

  it('does not offer to repeat a call of unknown effect', async () => {
    expect(await runTool(tool(never, { timeoutMs: 20, isIdempotent: false }), {}, context())).toMatchObject({ isRetryable: false });
  });

  it('aborts the tool when its time is over', async () => {
    let given: AbortSignal | undefined;
    const waiting = tool(
      (_, { signal }) => {
        given = signal;
        return never();
      },
      { timeoutMs: 20 },
    );
    await runTool(waiting, {}, context());
    expect(given?.reason).toMatchObject({ code: 'tool_timeout' });
  });

  it('stops when the caller gives up, before or during the call', async () => {
    const caller = new AbortController();
    const running = runTool(tool(never), {}, context(caller.signal));
    caller.abort();
    expect(await running).toMatchObject({ code: 'tool_cancelled', isRetryable: false });
    let hasRun = false;
    const late = tool(async () => {
      hasRun = true;
      return '';
    });
    expect(await runTool(late, {}, context(caller.signal))).toMatchObject({ code: 'tool_cancelled' });
    expect(hasRun).toBe(false);
  });

  it('shows an AppError by code and message, and no cause', async () => {
    const outcome = await runTool(
      tool(async () => {
        throw new AppError('page_unreachable', 'No answer.', { isRetryable: true, cause: new Error('secret') });
      }),
      {},
      context(),
    );
    expect(outcome).toEqual({ kind: 'error', code: 'page_unreachable', message: 'No answer.', isRetryable: true });
  });

  it.each<[string, Tool['run']]>([
    ['an unknown error', async () => Promise.reject(new Error('postgres://user:secret@host'))],
    [
      'an error thrown before the promise',
      () => {
        throw new TypeError('secret');
      },
    ],
    ['a result that is no text', (async () => 42) as unknown as Tool['run']],
  ])('hides %s from the outcome, and tells whoever runs the tool', async (_, run) => {
    const unexpected: unknown[] = [];
    expect(await runTool(tool(run), {}, context(), { onUnexpected: (error) => unexpected.push(error) })).toEqual({
      kind: 'error',
      code: 'tool_failed',
      message: 'probe failed unexpectedly.',
      isRetryable: false,
    });
    expect(unexpected).toEqual([expect.any(Error)]);
  });

  it('drops a rejection that comes after the time was over', async () => {
    let reject: (error: Error) => void = () => {};
    const late = tool(() => new Promise((_, giveUp) => (reject = giveUp)), { timeoutMs: 20 });
    expect(await runTool(late, {}, context())).toMatchObject({ code: 'tool_timeout' });
    // If nobody listened any more, vitest would fail this file for an unhandled rejection.
    reject(new Error('too late'));
  });
});
