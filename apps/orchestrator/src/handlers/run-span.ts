import { Outcome, fromWireError } from '@nexus/contracts';
import { attributes, type Tracer } from '@nexus/runtime';
import { traceOf, type LiveRun } from './live-run.js';

/**
 * A span over the whole of a run that is over, below its acceptance: who asked for traces sees at a glance what it took and cost, and how long it
 * waited for the runs before it in its thread.
 */
export function recordRun(tracer: Tracer, live: LiveRun): void {
  const { state, agent, tenantId } = live;
  const span = tracer.startSpan(`invoke_agent ${agent.name}`, { kind: 'internal', parent: traceOf(live), startedAt: state.acceptedAt });
  if (span.isRecording) {
    const { usage } = state;
    span.setAttributes({
      [attributes.operationName]: 'invoke_agent',
      [attributes.agentName]: agent.name,
      [attributes.conversationId]: state.threadId,
      [attributes.requestModel]: agent.model,
      [attributes.tenantId]: tenantId,
      [attributes.runId]: state.runId,
      [attributes.step]: state.step,
      [attributes.inputTokens]: usage.input + usage.cacheRead + usage.cacheWrite,
      [attributes.outputTokens]: usage.output,
      [attributes.cacheReadTokens]: usage.cacheRead,
      [attributes.cacheCreationTokens]: usage.cacheWrite,
      [attributes.reasoningTokens]: usage.reasoning,
      [attributes.costMicroUsd]: usage.costMicroUsd,
      [attributes.errorType]: state.ending?.error?.code,
      [attributes.queueWaitMs]: state.startedAt > 0 ? Math.max(0, state.startedAt - state.acceptedAt) : undefined,
    });
    if (state.ending?.error && state.ending.outcome !== Outcome.CANCELLED) span.recordError(fromWireError(state.ending.error));
  }
  span.end();
}
