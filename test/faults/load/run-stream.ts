import { pause } from '../pause.js';
import type { GatewayClient } from './gateway-client.js';
import { questionText } from './model-behaviour.js';
import type { ModelName } from './model-names.js';
import type { Question, Questions } from './questions.js';
import { readEvents } from './server-sent-events.js';

const WITHIN_MS = 150_000;
const TRY_WITHIN_MS = 20_000;
const RETRY_MS = 200;

/** What the reader of a stream has put together. */
interface Heard {
  runId: string | undefined;
  lastEventId: string | undefined;
  /** Text of the last step, as its deltas say. */
  text: string;
  step: number;
  /** False once a `reset` said that what was streamed before is void: what follows may begin in the midst. */
  isWhole: boolean;
}

/** A stream whose parts do not make up its answer. */
export interface Splice {
  readonly number: number;
  readonly streamed: string;
  readonly answer: string;
}

/** Starts runs over HTTP and follows their streams, over whichever gateway answers, until they have their answers. */
export class RunStreams {
  readonly splices: Splice[] = [];
  /** How often a stream broke off and was taken up again. */
  resumed = 0;
  private readonly client: GatewayClient;
  private readonly questions: Questions;

  constructor(client: GatewayClient, questions: Questions) {
    this.client = client;
    this.questions = questions;
  }

  async ask(threadId: string, model: ModelName): Promise<Question> {
    const question = this.questions.ask('stream', model, threadId);
    const heard: Heard = { runId: undefined, lastEventId: undefined, text: '', step: 0, isWhole: true };
    for (const until = Date.now() + WITHIN_MS; Date.now() < until; await pause(RETRY_MS)) {
      try {
        const response = heard.runId === undefined ? await this.start(question, threadId) : await this.resume(threadId, heard);
        if (!response.ok) {
          const { error } = (await response.json()) as { error?: { code?: string } };
          if (response.status < 500 && response.status !== 409 && response.status !== 429) return this.end(question, error?.code ?? `status ${response.status}`, heard);
          continue;
        }
        for await (const event of readEvents(response)) if (this.hear(question, heard, event)) return question;
      } catch {
        // the gateway or its connection is gone: another one goes on
      }
      this.resumed++;
    }
    return question;
  }

  private start(question: Question, threadId: string): Promise<Response> {
    return this.client.fetch(`/v1/threads/${threadId}/runs`, {
      method: 'POST', body: JSON.stringify({ content: questionText(question.number), model: question.model, stream: true }),
      headers: { 'idempotency-key': question.id }, signal: AbortSignal.timeout(TRY_WITHIN_MS),
    });
  }

  private resume(threadId: string, { runId = '', lastEventId }: Heard): Promise<Response> {
    return this.client.fetch(`/v1/threads/${threadId}/runs/${runId}/stream`, { method: 'GET', signal: AbortSignal.timeout(TRY_WITHIN_MS), headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId } });
  }

  /** Answers whether that was the end. */
  private hear(question: Question, heard: Heard, { event, id, data }: { event: string; id: string | undefined; data: string }): boolean {
    if (id !== undefined) heard.lastEventId = id;
    const body = JSON.parse(data) as { run_id?: string; step?: number; text?: string; error?: { code?: string } | null; run?: { id?: string } | null };
    heard.runId ??= body.run_id ?? body.run?.id;
    if (event === 'reset') Object.assign(heard, { text: '', isWhole: false });
    if (event === 'text_delta') {
      if (body.step !== heard.step) Object.assign(heard, { text: '', step: body.step });
      heard.text += body.text ?? '';
    }
    if (event === 'answer') this.end(question, 'answered', heard, body.text ?? '');
    if (event === 'error') this.end(question, body.error?.code ?? 'error', heard);
    return event === 'answer' || event === 'error';
  }

  private end(question: Question, outcome: string, heard: Heard, text = ''): Question {
    this.questions.answered(question, outcome, text);
    const isRight = heard.isWhole ? text.startsWith(heard.text) : text.includes(heard.text); // the last parts may be missing: the answer has them
    if (outcome === 'answered' && !isRight) this.splices.push({ number: question.number, streamed: heard.text, answer: text });
    return question;
  }
}
