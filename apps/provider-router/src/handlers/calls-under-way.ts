/** The model calls that this replica makes now, so that a cancel finds them. */
export class CallsUnderWay {
  private readonly calls = new Map<string, { readonly stop: AbortController; readonly runId: string | undefined }>();

  /** Undefined when the attempt is under way already. */
  begin(attemptId: string, runId: string | undefined): AbortController | undefined {
    if (this.calls.has(attemptId)) return undefined;
    const stop = new AbortController();
    this.calls.set(attemptId, { stop, runId });
    return stop;
  }

  end(attemptId: string): void {
    this.calls.delete(attemptId);
  }

  cancelAttempt(attemptId: string): void {
    this.calls.get(attemptId)?.stop.abort();
  }

  cancelRun(runId: string): void {
    for (const call of this.calls.values()) if (call.runId === runId) call.stop.abort();
  }
}
