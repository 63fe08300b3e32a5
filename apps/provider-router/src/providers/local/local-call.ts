import type { GenerateResponse } from '@nexus/contracts';
import { AnswerGrower, type AnswerEvent, type ModelRequest } from '@nexus/wires';
import type { CallOptions, LocalRequest } from '../call-request.js';
import { estimateUsage } from '../http/estimate-usage.js';
import { textOfParts } from '../http/text-of-parts.js';
import { ProviderError } from '../provider-error.js';
import type { CallTimings, Completed, Failed, ProviderOutcome, Usage } from '../provider-outcome.js';
import { GenerateReader } from './generate-reader.js';
import { localError } from './local-error.js';

const NO_JSON = Buffer.alloc(0);
const NO_CHUNK = {};

/** One call of a local model: its clocks, and what has come of the answer. */
export class LocalCall {
  private readonly startedAt = performance.now();
  private firstByteAt: number | undefined;
  private computeMs: number | undefined;
  private readonly reader = new GenerateReader();
  private readonly grower = new AnswerGrower();
  private usage: Usage | undefined;
  /** Events before the first piece of the answer: as long as nothing has been handed on, another model may answer. */
  private held: AnswerEvent[] | undefined = [];
  private readonly abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private readonly deadline: NodeJS.Timeout;
  private readonly onCallerGone = (): void => this.stop('cancelled', 'the caller gave up');
  private stopped: { readonly code: 'cancelled' | 'timeout'; readonly message: string } | undefined;
  /** Set once the request is on its way. */
  wasSent = false;

  constructor(
    private readonly call: LocalRequest,
    private readonly options: CallOptions,
  ) {
    const { timeouts } = call.target;
    this.deadline = setTimeout(() => this.stop('timeout', 'took longer than a call may take'), timeouts.totalMs);
    this.wait(timeouts.firstByteMs, 'sent no answer in time');
    if (options.signal?.aborted) this.onCallerGone();
    else options.signal?.addEventListener('abort', this.onCallerGone);
  }

  /** Aborted when the call shall stop, for whatever reason. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  private get request(): ModelRequest {
    return this.call.request;
  }

  private get hasStarted(): boolean {
    return this.held === undefined;
  }

  /** Takes what the model sends. Throws a ProviderError for a stream that ends before its answer. */
  async read(messages: AsyncIterable<GenerateResponse>): Promise<Completed> {
    for await (const message of messages) {
      this.firstByteAt ??= performance.now();
      this.wait(this.call.target.timeouts.idleMs, 'went silent in the midst of its answer');
      if (message.kind.case === 'usage') this.computeMs = Number(message.kind.value.computeMs);
      const event = this.reader.read(message);
      if (event) this.take(event);
    }
    if (!this.grower.isFinished) {
      const code = this.hasStarted ? 'cut_stream' : 'bad_response';
      throw new ProviderError(code, 'ended the stream before the answer was whole', { ...this.progress(), isRefusal: !this.hasStarted });
    }
    const answer = this.grower.answer();
    return {
      kind: 'completed',
      status: 200,
      body: this.request.isStream ? undefined : Buffer.from(JSON.stringify(answer)),
      id: answer.id,
      model: answer.model,
      finishReason: answer.finishReason,
      usage: this.usage ?? this.estimate(),
      providerRequestId: answer.id,
      wasSent: true,
      timings: this.timings(),
      answer: () => answer,
    };
  }

  /** How a call ended that threw. */
  failed(thrown: unknown): Failed {
    const { stopped } = this;
    const error = stopped ? new ProviderError(stopped.code, stopped.message, { ...this.progress(), isRefusal: stopped.code === 'timeout' }) : localError(thrown, this.progress());
    const answer = this.grower.answer();
    return {
      kind: 'failed',
      error,
      usage: error.charge === 'estimated' ? (this.usage ? { ...this.usage, estimated: !this.grower.isFinished } : this.estimate()) : undefined,
      partial: this.hasStarted ? answer.parts : undefined,
      providerRequestId: answer.id,
      wasSent: error.wasSent,
      timings: this.timings(),
    };
  }

  /** Ends the clocks. */
  end(outcome: ProviderOutcome): ProviderOutcome {
    clearTimeout(this.timer);
    clearTimeout(this.deadline);
    this.options.signal?.removeEventListener('abort', this.onCallerGone);
    this.abort.abort(); // nobody reads on
    return outcome;
  }

  private take(event: AnswerEvent): void {
    this.grower.add(event);
    if (event.kind === 'usage') this.usage = { ...event.usage, estimated: false };
    if (!this.request.isStream) return;
    const held = this.held;
    if (held && (event.kind === 'start' || event.kind === 'usage')) return void held.push(event);
    this.held = undefined;
    this.options.onPart?.(NO_JSON, NO_CHUNK, undefined, held ? [...held, event] : [event]);
  }

  private stop(code: 'cancelled' | 'timeout', message: string): void {
    this.stopped ??= { code, message };
    this.abort.abort();
  }

  private wait(ms: number, message: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stop('timeout', message), ms);
  }

  private estimate(): Usage {
    const { messages, tools } = this.request;
    return estimateUsage(Buffer.from(JSON.stringify({ system: '', messages, tools })), textOfParts(this.grower.answer().parts), this.grower.pieces);
  }

  private progress(): { provider: string; wasSent: boolean; hasStarted: boolean } {
    return { provider: this.call.target.name, wasSent: this.wasSent, hasStarted: this.hasStarted };
  }

  private timings(): CallTimings {
    const totalMs = performance.now() - this.startedAt;
    // of a call that was cut short nobody tells: it was at work since its first byte
    const computeMs = this.computeMs || (this.firstByteAt === undefined ? undefined : performance.now() - this.firstByteAt);
    return { firstByteMs: this.firstByteAt === undefined ? undefined : this.firstByteAt - this.startedAt, totalMs, ...(computeMs !== undefined && { computeMs }) };
  }
}
