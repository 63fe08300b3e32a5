import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import { IncomingRequestSchema } from '@nexus/contracts';
import { Redis } from 'ioredis';
import type { Poison } from '../oracles/evidence.js';
import { pause } from '../pause.js';
import type { Random } from '../random.js';
import { questionText } from './model-behaviour.js';
import type { Question, Questions } from './questions.js';
import { Sightings, type Sighting } from './sightings.js';

export interface BusAdapterOptions {
  readonly redisUrl: string;
  readonly questions: Questions;
  readonly random: Random;
  /** The adapter's surface token and the id of its key. */
  readonly token: string;
  readonly keyId: string;
  readonly onAnswer: (question: Question) => void;
}

const STREAM = 'requests.incoming';
const ANSWERS = 'requests.processed';
const FIRST_WAIT_MS = 3_000;
const LONGEST_WAIT_MS = 12_000;
const RETRY_MS = 150;
const DUPLICATES_SHARE = 0.3;
const LONGEST_DUPLICATE_MS = 2_500;

/**
 * A program outside of NEXUS that knows Redis only: it publishes questions, keeps the order of each thread, publishes a question again
 * until it sees its answer, and once in a while for no reason at all.
 */
export class BusAdapter {
  readonly sightings: Sightings;
  /** Questions that were published once more for no reason. */
  duplicated = 0;
  /** Messages that nobody can read. */
  readonly poison: Poison[] = [];
  private readonly redis: Redis;
  private readonly waiting = new Map<string, Question>();
  private readonly options: BusAdapterOptions;
  private readonly replyTo: string;
  private isStopped = false;

  constructor(options: BusAdapterOptions) {
    this.options = options;
    this.replyTo = `${options.keyId}.adapter`;
    this.redis = new Redis(options.redisUrl, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
    this.redis.on('error', () => undefined);
    this.sightings = new Sightings(options.redisUrl, [ANSWERS, `${ANSWERS}:${this.replyTo}`], (sighting) => this.onSighting(sighting));
  }

  /** Resolves when the question stands in the stream; from then on it is published again until it is answered. */
  async publish(question: Question): Promise<void> {
    this.waiting.set(question.id, question);
    await this.add(question);
    const { random } = this.options;
    if (random.chance(DUPLICATES_SHARE)) {
      this.duplicated++;
      void pause(random.int(0, LONGEST_DUPLICATE_MS)).then(() => this.add(question, true));
    }
    void this.repeat(question);
  }

  /** Publishes something that is no message. */
  async publishPoison(): Promise<void> {
    const id = `poison-${this.poison.length + 1}`;
    await this.redis.xadd(STREAM, '*', 'id', id, 'type', 'nexus.run.v1.IncomingRequest', 'payload', '{"text": this is no JSON', 'metadata', this.metadata('application/json', undefined));
    this.poison.push({ id, publishedAt: Date.now() });
  }

  stop(): void {
    this.isStopped = true;
    this.waiting.clear();
    this.sightings.stop();
    this.redis.disconnect();
  }

  private async repeat(question: Question): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      await pause(waitMs);
      if (!this.waiting.has(question.id)) return;
      await this.add(question);
    }
  }

  /** Half of the threads are answered on the channel itself, the others on the adapter's own stream. */
  private async add(question: Question, isDuplicate = false): Promise<void> {
    const request = create(IncomingRequestSchema, { text: questionText(question.number), surface: 'faults', chatId: question.thread, model: question.model });
    const isJson = question.number % 2 === 0;
    const payload = isJson ? toJsonString(IncomingRequestSchema, request) : Buffer.from(toBinary(IncomingRequestSchema, request));
    const replyTo = Number(question.thread.replace(/\D/g, '')) % 2 === 0 ? this.replyTo : undefined;
    question.askedFrom = replyTo === undefined ? ANSWERS : `${ANSWERS}:${replyTo}`;
    const fields = ['id', question.id, 'type', 'nexus.run.v1.IncomingRequest', 'payload', payload, 'metadata', this.metadata(isJson ? 'application/json' : 'application/protobuf', replyTo)];
    while (isDuplicate ? !this.isStopped : this.waiting.has(question.id)) {
      try {
        await this.redis.xadd(STREAM, '*', ...fields);
        return;
      } catch {
        await pause(RETRY_MS); // Redis is full, or loads its files
      }
    }
  }

  private metadata(contentType: string, replyTo: string | undefined): string {
    return JSON.stringify({ 'content-type': contentType, authorization: `Bearer ${this.options.token}`, ...(replyTo && { 'reply-to': replyTo }) });
  }

  private onSighting({ messageId, isRetryable, outcome, errorCode, text }: Sighting): void {
    const question = this.waiting.get(messageId);
    if (question === undefined || isRetryable) return;
    this.waiting.delete(messageId);
    this.options.questions.answered(question, outcome === 'answered' ? 'answered' : errorCode || outcome, text);
    this.options.onAnswer(question);
  }
}
