import { pause } from '../pause.js';
import type { Random } from '../random.js';
import type { Timeline } from '../timeline.js';
import type { BusAdapter } from './bus-adapter.js';
import { askCompletion } from './completions.js';
import type { GatewayClient } from './gateway-client.js';
import { modelWeights, type ModelName } from './model-names.js';
import type { Question, Questions } from './questions.js';
import type { RunStreams } from './run-stream.js';

export interface LoadOptions {
  readonly adapter: BusAdapter;
  readonly client: GatewayClient;
  readonly streams: RunStreams;
  readonly questions: Questions;
  readonly timeline: Timeline;
  readonly random: Random;
  /** Runs a second, on the whole. */
  readonly rate: number;
  /** Threads that adapters hold. */
  readonly busThreads: number;
  /** Threads of the HTTP API. */
  readonly httpThreads: readonly string[];
}

/** Questions of one thread that may wait for their answers. */
const MOST_IN_FLIGHT = 3;
const COMPLETIONS_SHARE = 0.15;
const STREAMS_SHARE = 0.1;
const MOST_HTTP_AT_ONCE = 24;

/** Asks questions in every way at an even pace, whatever happens to those before, until it is stopped. */
export class Load {
  private readonly inFlight = new Map<string, number>();
  private readonly options: LoadOptions;
  private readonly http = new Set<Promise<void>>();
  private readonly chains = new Map<string, Promise<void>>();
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(options: LoadOptions) {
    this.options = options;
  }

  start(): void {
    this.running = this.run();
  }

  /** Asks nothing more. What is under way goes on. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  /** Resolves when every HTTP request has its end. */
  async httpDone(): Promise<void> {
    await Promise.all(this.http);
  }

  /** To be told of every answer that came over the bus. */
  onBusAnswer(question: Question): void {
    this.inFlight.set(question.thread, (this.inFlight.get(question.thread) ?? 1) - 1);
    this.options.timeline.note('run');
    if (question.outcome === 'answered' && usesTool(question.model)) this.options.timeline.note('toolRun');
  }

  private async run(): Promise<void> {
    const { random, rate } = this.options;
    while (!this.isStopped) {
      const share = random.next();
      const model = random.weighted(modelWeights);
      if (share < COMPLETIONS_SHARE) this.completion(model);
      else if (share < COMPLETIONS_SHARE + STREAMS_SHARE) this.stream(model);
      else this.bus(model);
      await pause((random.next() * 2_000 * (1 - COMPLETIONS_SHARE)) / rate);
    }
  }

  private bus(model: ModelName): void {
    const { adapter, questions, random, busThreads } = this.options;
    const thread = `t${random.int(1, busThreads)}`;
    const count = this.inFlight.get(thread) ?? 0;
    if (count >= MOST_IN_FLIGHT) return;
    this.inFlight.set(thread, count + 1);
    const question = questions.ask('bus', model, thread);
    // the next question of the thread is published when this one stands in the stream
    const before = this.chains.get(thread) ?? Promise.resolve();
    this.chains.set(thread, before.then(() => adapter.publish(question)));
  }

  private completion(model: ModelName): void {
    // tools are the caller's own in a plain completion: the model would only ask for one
    if (this.http.size >= MOST_HTTP_AT_ONCE || usesTool(model)) return;
    const { client, questions, timeline } = this.options;
    this.track(askCompletion(client, questions, model).then(({ outcome }) => outcome && timeline.note('completion')));
  }

  private stream(model: ModelName): void {
    const { streams, random, httpThreads, timeline } = this.options;
    const thread = random.pick(httpThreads);
    if (this.http.size >= MOST_HTTP_AT_ONCE || (this.inFlight.get(thread) ?? 0) > 0) return;
    this.inFlight.set(thread, 1);
    this.track(streams.ask(thread, model).then(({ outcome }) => {
      this.inFlight.set(thread, 0);
      if (outcome !== undefined) timeline.note('stream');
    }));
  }

  private track(work: Promise<unknown>): void {
    const tracked = work.then(() => void this.http.delete(tracked));
    this.http.add(tracked);
  }
}

const usesTool = (model: ModelName): boolean => model === 'counting' || model === 'looking';
