import { Outcome, ProcessedRequestSchema, type ProcessedRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { Failure } from './exit-code.js';
import { LiveAnswer, type LiveOutput } from './format/live-answer.js';
import { messageJson } from './format/message-json.js';
import type { Gateway } from './gateway-client.js';
import type { Terminal } from './terminal.js';

export interface Question {
  readonly question: string;
  readonly agent?: string | undefined;
  readonly model?: string | undefined;
  readonly thread?: string | undefined;
}

export interface Asking {
  readonly gateway: Pick<Gateway, 'agent'>;
  readonly terminal: Pick<Terminal, 'write' | 'note' | 'line'>;
  /** Print the answer as JSON, nothing else. */
  readonly isJson: boolean;
  /** Aborting gives the question up. */
  readonly signal?: AbortSignal;
}

/** Asks, shows what comes, and resolves to the answer. Throws Failure when there is none; the reason was shown. */
export async function askAgent({ gateway, terminal, isJson, signal }: Asking, { question, agent, model, thread }: Question): Promise<ProcessedRequest> {
  const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions();
  const request = { userQuery: question, agent: agent ?? '', model: model ?? '', threadId: thread ?? '', timezone: timeZone, locale };
  const live = new LiveAnswer();
  let runId = '';
  try {
    for await (const { event } of gateway.agent.streamAgent(request, { signal })) {
      if (event.case === 'progress') runId = event.value.runId;
      if (event.case === 'progress' && !isJson) show(live.add(event.value), terminal);
      if (event.case === 'reset' && !isJson) show(live.reset(event.value.epoch), terminal);
      if (event.case === 'answer') return finish(event.value, live, terminal, isJson);
    }
  } catch (error) {
    show(live.interrupt(), terminal);
    throw error;
  }
  throw new AppError('no_answer', `The connection ended before the answer came.${runId === '' ? '' : ` See what became of it: npx nexus runs show ${runId}`}`);
}

function finish(answer: ProcessedRequest, live: LiveAnswer, terminal: Asking['terminal'], isJson: boolean): ProcessedRequest {
  if (isJson) terminal.line(messageJson(ProcessedRequestSchema, answer));
  else show(live.finish(answer), terminal);
  if (answer.outcome !== Outcome.ANSWERED) throw new Failure('not answered');
  return answer;
}

function show(outputs: readonly LiveOutput[], terminal: Asking['terminal']): void {
  for (const { kind, text } of outputs) {
    if (kind === 'text') terminal.write(text);
    else terminal.note(text);
  }
}
