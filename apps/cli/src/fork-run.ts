import { Outcome, ProcessedRequestSchema, RunSchema, type ForkRunRequest, type GetRunResponse, type Run } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { Failure } from './exit-code.js';
import { harmless } from './format/one-line.js';
import { messageJson } from './format/message-json.js';
import { describeError, runSummary } from './format/run-summary.js';
import { eventLines } from './format/run-timeline.js';
import type { Gateway } from './gateway-client.js';
import type { Terminal } from './terminal.js';

export interface Forking {
  readonly gateway: Pick<Gateway, 'threads'>;
  readonly terminal: Pick<Terminal, 'line' | 'lines' | 'note'>;
  readonly isJson: boolean;
  /** False: as soon as the start of the new run is stored. */
  readonly isWaiting: boolean;
  /** Milliseconds between two looks at the new run; default 300. */
  readonly lookEveryMs?: number;
}

/** Forks a run, shows what happens to the new one and its answer. Throws Failure when it was not answered; the reason was shown. */
export async function forkRun({ gateway, terminal, isJson, isWaiting, lookEveryMs = 300 }: Forking, fork: Omit<ForkRunRequest, '$typeName'>): Promise<void> {
  const { run } = await gateway.threads.forkRun(fork);
  if (run === undefined) throw new AppError('internal', 'The gateway answered without the new run.');
  if (!isWaiting) return terminal.line(isJson ? messageJson(RunSchema, run) : run.id);
  if (!isJson) terminal.note(`run ${run.id} in the new thread ${run.threadId}, forked from ${fork.runId} after step ${fork.step}`);
  const { answer } = await follow(gateway, run, lookEveryMs, (line) => (isJson ? undefined : terminal.note(line)));
  if (answer === undefined) throw new AppError('no_answer', `The run is over and has no answer: npx nexus runs show ${run.id}`);
  if (isJson) terminal.line(messageJson(ProcessedRequestSchema, answer));
  else {
    if (answer.outcome === Outcome.ANSWERED) terminal.line(harmless(answer.text));
    else terminal.note(describeError(answer));
    terminal.note(runSummary(answer));
  }
  if (answer.outcome !== Outcome.ANSWERED) throw new Failure('not answered');
}

/** Looks at the run until it is over; `onLine` hears of each event once. */
async function follow({ threads }: Forking['gateway'], run: Run, everyMs: number, onLine: (line: string) => void): Promise<GetRunResponse> {
  for (let seen = 1; ; ) {
    const found = await threads.getRun({ by: { case: 'id', value: run.id } });
    for (const event of found.events.slice(seen)) for (const line of eventLines(event)) onLine(`step ${event.step}  ${line}`);
    seen = Math.max(seen, found.events.length);
    if ((found.run?.finishedAt ?? 0n) > 0n) return found;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
