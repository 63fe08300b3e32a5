import { create } from '@bufbuild/protobuf';
import { outgoing, type Message, type OutgoingMessage } from '@nexus/channels';
import { ToolExecutedSchema, UsageRecordedSchema, UsageRecorded_Result as Result, toWireError, type ExecuteTool, type ToolExecuted } from '@nexus/contracts';
import { AppError, deterministicId } from '@nexus/core';
import type { ToolOutcome } from '../domain/tool.js';

type Request = Message<'tools.execute'>;

/** What came of a call, as it is kept and sent. `cpuMs` is what processors worked for it in processes of the tool's own. */
export function executedOf(request: ExecuteTool, outcome: ToolOutcome, durationMs: number, cpuMs = 0): ToolExecuted {
  const error = outcome.kind === 'error' ? new AppError(outcome.code, outcome.message, { status: 422, isRetryable: outcome.isRetryable }) : undefined;
  return executed(request, outcome.kind === 'ok' ? outcome.text : textOf(outcome), error, durationMs, cpuMs);
}

/** The result of a call that was made, and its usage record. The same again for the same call, but for whom it is sent to. */
export function answersOf(message: Request, answer: ToolExecuted, now: number): OutgoingMessage[] {
  return [resultOf(message, answer), usageOf(message, answer, now)];
}

/** The result when no tool was called. */
export function refusalOf(message: Request, error: AppError): OutgoingMessage {
  return resultOf(message, executed(message.payload, textOf(error), error, 0));
}

function executed({ executionId, runId, step, epoch, call }: ExecuteTool, text: string, error: AppError | undefined, durationMs: number, cpuMs = 0): ToolExecuted {
  return create(ToolExecutedSchema, {
    executionId, runId, step, epoch,
    result: { callId: call?.id ?? '', name: call?.name ?? '', text, isError: error !== undefined },
    error: error && toWireError(error),
    durationMs: BigInt(durationMs),
    cpuMs: BigInt(Math.ceil(cpuMs)),
  });
}

/** For the model: providers do not pass on that a result is an error. */
function textOf({ code, message }: { readonly code: string; readonly message: string }): string {
  return `Error ${code}: ${message}`;
}

function resultOf(message: Request, answer: ToolExecuted): OutgoingMessage {
  const { executionId, runId, epoch } = message.payload;
  return outgoing({
    channel: 'tools.results',
    id: deterministicId(executionId, 'result'),
    tenantId: message.tenantId,
    correlationId: message.correlationId,
    trace: message.trace,
    to: message.replyTo,
    partitionKey: runId,
    // a kept answer may be asked for again by a later owner of the run
    payload: { ...answer, epoch },
  });
}

/** Tools cost nothing; the ledger still tells which ran for whom. */
function usageOf(message: Request, answer: ToolExecuted, now: number): OutgoingMessage {
  const { executionId, runId, step, attribution, call } = message.payload;
  return outgoing({
    channel: 'usage.recorded',
    id: executionId,
    tenantId: message.tenantId,
    correlationId: message.correlationId,
    trace: message.trace,
    payload: create(UsageRecordedSchema, {
      attemptId: executionId, runId, step, attribution,
      tool: call?.name ?? '',
      result: answer.error === undefined ? Result.SUCCEEDED : Result.FAILED,
      errorCode: answer.error?.code ?? '',
      finishedAtMs: BigInt(now),
      durationMs: answer.durationMs,
    }),
  });
}
