import { LONG_SECONDS, type Metrics } from '@nexus/runtime';

/** What an executor counts of its tools, for `GET /metrics`; `outcome` is `ok` or the error's code, `unknown` stands for names that are no tool's. */
export class ToolMetrics {
  private readonly calls;
  private readonly durations;

  constructor(metrics: Metrics, tools: readonly string[]) {
    this.calls = metrics.counter('nexus_tool_calls_total', 'Calls of tools that were answered, by how they ended: ok, or the code of an error.', ['tool', 'outcome']);
    this.durations = metrics.histogram('nexus_tool_duration_seconds', 'How long calls of tools took, without their wait in the queue.', ['tool'], LONG_SECONDS);
    for (const tool of tools) this.calls.inc({ tool, outcome: 'ok' }, 0);
  }

  answered(tool: string | undefined, errorCode: string | undefined, durationMs: number): void {
    this.calls.inc({ tool: tool ?? 'unknown', outcome: errorCode ?? 'ok' });
    if (tool !== undefined) this.durations.observe({ tool }, durationMs / 1_000);
  }
}
