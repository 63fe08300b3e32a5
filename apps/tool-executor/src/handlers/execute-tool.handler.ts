import type { Message, OutgoingMessage } from '@nexus/channels';
import { fromWireError, type ToolExecuted } from '@nexus/contracts';
import { AppError, assertExhaustive, failpoint, isUuid, type Clock } from '@nexus/core';
import { attributes, startMessageSpan, type Logger, type Span, type TenantSettingsCache, type Tracer } from '@nexus/runtime';
import { runTool } from '../domain/run-tool.js';
import type { ToolRegistry } from '../domain/tool-registry.js';
import type { Tool, ToolArguments, ToolOutcome } from '../domain/tool.js';
import type { ExecutionStore, OpenedExecution } from '../storage/execution.store.js';
import { answersOf, executedOf, refusalOf } from './answer.js';
import { CallsUnderWay } from './calls-under-way.js';
import type { ToolMetrics } from './tool-metrics.js';

export interface ExecuteToolParts {
  readonly registry: ToolRegistry;
  readonly store: ExecutionStore;
  readonly tenantSettings: TenantSettingsCache;
  readonly clock: Clock;
  readonly tracer: Tracer;
  readonly logger: Logger;
  readonly metrics: ToolMetrics;
}

type Request = Message<'tools.execute'>;

interface Answered {
  readonly answer: ToolExecuted;
  /** Its row holds the answer already. */
  readonly isKept: boolean;
}

/** A call that may be made. */
interface Permitted {
  readonly args: ToolArguments;
  /** Milliseconds until nobody waits any more, at most the tool's own time. */
  readonly timeoutMs: number;
}

const UNKNOWN_OUTCOME: ToolOutcome = {
  kind: 'error',
  code: 'tool_outcome_unknown',
  message: 'The call was begun before and what came of it is not known. It is not made again, because it may have taken effect.',
  isRetryable: false,
};

/** One tool call, from tools.execute to its result. Whatever fails has a result; only an entry that makes no sense becomes a dead letter. */
export class ExecuteToolHandler {
  private readonly calls = new CallsUnderWay<Answered>();

  constructor(private readonly parts: ExecuteToolParts) {}

  /** Rejects with a retryable AppError when nothing was called and the surroundings are at fault: the entry then waits. */
  async handle(message: Request, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    requireWellFormed(message);
    const span = this.startSpan(message);
    const traced = { ...message, trace: span.trace };
    try {
      const answer = await this.execute(traced, signal);
      if (answer.error) span.recordError(fromWireError(answer.error));
      this.parts.metrics.answered(this.toolOf(message), answer.error?.code, Number(answer.durationMs));
      return answersOf(traced, answer, this.parts.clock.now());
    } catch (error) {
      span.recordError(error);
      if (!(error instanceof AppError) || error.isRetryable || error.code === 'internal') throw error;
      this.parts.metrics.answered(this.toolOf(message), error.code, 0);
      return [refusalOf(traced, error)];
    } finally {
      span.end();
    }
  }

  private async execute(message: Request, signal: AbortSignal): Promise<ToolExecuted> {
    const tool = this.parts.registry.get(nameOf(message));
    const permitted = await this.permit(message, tool);
    const key = `${message.tenantId} ${message.payload.executionId}`;
    if (!tool.isIdempotent) return this.executeOnce(message, tool, permitted, key);
    if (permitted instanceof AppError) throw permitted;
    try {
      const { answer } = await this.calls.join(key, async () => ({ answer: await this.call(message, tool, permitted, signal), isKept: true }));
      failpoint('executor.after-call');
      return answer;
    } finally {
      this.calls.forget(key);
    }
  }

  /** The call's arguments and time, or why it must not be made. */
  private async permit(message: Request, tool: Tool): Promise<Permitted | AppError> {
    const { call, deadlineMs } = message.payload;
    const { disabledTools } = await this.parts.tenantSettings.get(message.tenantId);
    if (disabledTools.includes(tool.name)) return new AppError('tool_disabled', `The tool ${tool.name} is switched off.`, { status: 403, param: 'name' });
    const left = deadlineMs > 0n ? Number(deadlineMs) - this.parts.clock.now() : Infinity;
    if (left <= 0) return new AppError('deadline_exceeded', 'The deadline had passed before the tool was called.', { status: 504 });
    try {
      return { args: this.parts.registry.readArguments(tool.name, call?.arguments ?? ''), timeoutMs: Math.min(tool.timeoutMs, left) };
    } catch (error) {
      return AppError.from(error);
    }
  }

  /**
   * A call that must not be made twice: its row is committed before it is made, and holds what came of it. The call stays under way
   * until that is kept, so that a delivery which fails after the call keeps its answer the next time and does not call again.
   */
  private async executeOnce(message: Request, tool: Tool, permitted: Permitted | AppError, key: string): Promise<ToolExecuted> {
    const { tenantId, payload: { executionId } } = message;
    const { answer, isKept } = await this.calls.join(key, async () => {
      const opened = await this.parts.store.open({ tenantId, executionId, tool: tool.name, timeoutMs: timeOf(permitted) });
      if (opened.state === 'settled') return { answer: opened.answer, isKept: true };
      return { answer: await this.callOpened(opened, message, tool, permitted), isKept: false };
    });
    if (!isKept) failpoint('executor.after-call');
    const kept = isKept ? answer : await this.parts.store.settle({ tenantId, executionId }, answer);
    this.calls.forget(key);
    return kept;
  }

  private async callOpened(opened: Exclude<OpenedExecution, { state: 'settled' }>, message: Request, tool: Tool, permitted: Permitted | AppError): Promise<ToolExecuted> {
    switch (opened.state) {
      case 'unknown':
        return executedOf(message.payload, UNKNOWN_OUTCOME, 0);
      case 'elsewhere':
        throw new AppError('tool_under_way', 'Another replica makes this call.', { status: 409, isRetryable: true });
      case 'absent':
        throw permitted instanceof AppError ? permitted : new Error('the row of an execution is missing after its insert');
      case 'ours':
        if (permitted instanceof AppError) throw permitted;
        // A stop of this replica does not cut it short: it has the grace period, and nobody else may make it.
        return this.call(message, tool, permitted, new AbortController().signal);
      default:
        return assertExhaustive(opened.state);
    }
  }

  private async call({ tenantId, payload, trace, timestamp }: Request, tool: Tool, { args, timeoutMs }: Permitted, signal: AbortSignal): Promise<ToolExecuted> {
    const { clock, logger } = this.parts;
    const began = clock.now();
    let cpuMs = 0;
    const spent = (ms: number): void => void (cpuMs += ms);
    const context = { signal, spent, now: () => clock.now(), ...(payload.timezone && { timezone: payload.timezone }), ...(payload.locale && { locale: payload.locale }) };
    failpoint('executor.before-call');
    const outcome = await runTool(tool, args, context, {
      timeoutMs,
      onUnexpected: (error) => logger.error({ tool: tool.name, tenant: tenantId, execution: payload.executionId, run: payload.runId, trace_id: trace?.traceId, error }, 'a tool failed unexpectedly'),
    });
    // Cut short by a stop of this replica: the entry is left to the next one.
    if (signal.aborted && outcome.kind === 'error') throw new AppError('tool_interrupted', 'The service is stopping.', { status: 503, isRetryable: true });
    return { ...executedOf(payload, outcome, Math.max(0, clock.now() - began), cpuMs), waitedMs: BigInt(Math.max(0, Math.round(began - timestamp))) };
  }

  private startSpan(message: Request): Span {
    const { executionId, runId, step, call } = message.payload;
    const name = this.toolOf(message);
    return startMessageSpan(this.parts.tracer, message, {
      name: name === undefined ? 'execute_tool' : `execute_tool ${name}`,
      kind: 'internal',
      group: 'tool-executor',
      attributes: {
        [attributes.operationName]: 'execute_tool',
        [attributes.toolName]: name,
        [attributes.toolCallId]: call?.id || undefined,
        [attributes.attemptId]: executionId,
        [attributes.runId]: runId || undefined,
        [attributes.step]: step,
      },
    });
  }

  /** A name that is no tool's is the model's own words: these stay out of traces and measures. */
  private toolOf(message: Request): string | undefined {
    return this.parts.registry.has(nameOf(message)) ? nameOf(message) : undefined;
  }
}

const nameOf = (message: Request): string => message.payload.call?.name ?? '';

const timeOf = (permitted: Permitted | AppError): number => (permitted instanceof AppError ? 0 : Math.ceil(permitted.timeoutMs));

/** Without these nobody could be answered, or nothing found again. */
function requireWellFormed({ tenantId, payload }: Request): void {
  if (!isUuid(tenantId)) throw new AppError('tenant_missing', 'A tool call needs a tenant.', { status: 400, param: 'tenant' });
  if (!isUuid(payload.executionId)) throw new AppError('invalid_request', 'execution_id must be a lower-case UUID.', { status: 400, param: 'execution_id' });
  if (payload.call === undefined) throw new AppError('invalid_request', 'call must be set.', { status: 400, param: 'call' });
}
