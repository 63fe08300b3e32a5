import { AppError } from '@nexus/core';
import { cutUtf8 } from './cut-utf8.js';
import type { Tool, ToolArguments, ToolContext, ToolOutcome } from './tool.js';

/** UTF-8 bytes of an error message that are passed on. */
const MAX_MESSAGE_BYTES = 2_000;

type ToolError = Extract<ToolOutcome, { kind: 'error' }>;

export interface RunLimits {
  /** Milliseconds; the tool's own time when it is shorter. */
  readonly timeoutMs?: number;
  /** Told of an error that no outcome shows, so that whoever runs the tool can look for it. */
  readonly onUnexpected?: (error: unknown) => void;
}

/**
 * Runs one call to its end: within the tool's time, its result within the tool's size (the text then says that it was cut).
 * Never throws, and no outcome carries a stack or the text of an unknown error. A tool that ignores its signal is left
 * behind: the outcome comes in time, and what the tool does later is dropped.
 */
export async function runTool(tool: Tool, args: ToolArguments, context: ToolContext, limits: RunLimits = {}): Promise<ToolOutcome> {
  if (context.signal.aborted) return cancelled(tool);
  const timeoutMs = Math.min(tool.timeoutMs, limits.timeoutMs ?? tool.timeoutMs);
  const stop = new AbortController();
  let end: (outcome: ToolError) => void = () => {};
  const stopped = new Promise<ToolOutcome>((resolve) => {
    end = (outcome) => {
      resolve(outcome);
      stop.abort(new AppError(outcome.code, outcome.message, { isRetryable: outcome.isRetryable }));
    };
  });
  const onCancel = (): void => end(cancelled(tool));
  const timer = setTimeout(() => end(timedOut(tool, timeoutMs)), timeoutMs);
  context.signal.addEventListener('abort', onCancel, { once: true });
  try {
    return await Promise.race([stopped, attempt(tool, args, { ...context, now: () => context.now(), signal: stop.signal }, limits.onUnexpected)]);
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener('abort', onCancel);
  }
}

async function attempt(tool: Tool, args: ToolArguments, context: ToolContext, onUnexpected: RunLimits['onUnexpected']): Promise<ToolOutcome> {
  try {
    const result: unknown = await tool.run(args, context);
    if (typeof result !== 'string') throw new TypeError('a result must be text');
    return withinSize(result, tool.maxResultBytes);
  } catch (error) {
    if (!(error instanceof AppError)) {
      onUnexpected?.(error);
      return failed(tool);
    }
    return { kind: 'error', code: error.code, message: cutUtf8(error.message, MAX_MESSAGE_BYTES), isRetryable: error.isRetryable };
  }
}

function withinSize(text: string, maxBytes: number): ToolOutcome {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return { kind: 'ok', text, truncated: false };
  const note = `\n[cut: the result has ${bytes} bytes, only its beginning is shown]`;
  return { kind: 'ok', text: cutUtf8(text, maxBytes - Buffer.byteLength(note)) + note, truncated: true };
}

function timedOut(tool: Tool, timeoutMs: number): ToolError {
  // Whether a call that is not idempotent took effect is unknown, so nobody may repeat it unasked.
  return { kind: 'error', code: 'tool_timeout', message: `${tool.name} did not finish within ${timeoutMs} ms.`, isRetryable: tool.isIdempotent };
}

function cancelled(tool: Tool): ToolError {
  return { kind: 'error', code: 'tool_cancelled', message: `${tool.name} was cancelled.`, isRetryable: false };
}

function failed(tool: Tool): ToolError {
  return { kind: 'error', code: 'tool_failed', message: `${tool.name} failed unexpectedly.`, isRetryable: false };
}
