import { create } from '@bufbuild/protobuf';
import { hash } from 'node:crypto';
import type { Message } from '@nexus/channels';
import { InferenceRequestSchema, Wire, semanticCacheSchema, type SemanticCacheSettings, type TenantSettings } from '@nexus/contracts';
import { deterministicId } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import { z } from 'zod';
import { readAskedCall, type AskedCall } from '../domain/asked-call.js';
import { planCall } from '../domain/plan-call.js';
import { comparableQuestion } from '../domain/routing/comparable-question.js';
import { traitsOf } from '../domain/routing/request-traits.js';
import type { CachedAnswer } from '../storage/cache.store.js';
import type { SimilarStore } from '../storage/similar.store.js';
import type { Attempt, MadeCall } from './answer.js';
import { FOUND_WITHIN_MS } from './exact-cache.js';
import type { Routes } from './routes.js';
import { sideCall, type SideCalls } from './side-call.js';
import { within } from './within.js';

type Request = Message<'inference.request'>;

export interface SemanticCacheParts {
  readonly store: Pick<SimilarStore, 'asked' | 'answer' | 'keep'>;
  readonly routes: Routes;
  readonly logger: Pick<Logger, 'warn'>;
}

/** A question with what it means, among the others of its tenant that it may be compared with. */
export interface MeantQuestion {
  readonly tenantId: string;
  readonly scope: string;
  readonly vector: Buffer;
  readonly seconds: number;
  readonly threshold: number;
}

/** An answer is worth more than a cache. */
const EMBEDDED_WITHIN_MS = 2_000;
const ROUTING_SETTING = /^(?:routing|prices)/;
const embeddingSchema = z.object({ data: z.array(z.object({ embedding: z.array(z.number()).min(1) })).min(1) });

/**
 * Gives the answer to a question again to one that means the same, where a tenant wants that (`cache.semantic`; off by default): their
 * vectors are alike, the numbers in them are the same, and so is all else of the request. Each question costs an embedding, which is an
 * attempt in the ledger. Without an embedding, whatever the reason, the request goes its usual way.
 */
export class SemanticCache {
  constructor(private readonly parts: SemanticCacheParts) {}

  /** Undefined for what is not cached, and when it is not known what it means. */
  async read(message: Request, asked: AskedCall, settings: TenantSettings, calls: SideCalls): Promise<MeantQuestion | undefined> {
    const wanted = settingsOf(settings);
    if (!wanted || message.payload.run !== undefined) return undefined;
    const comparable = comparableQuestion(asked, traitsOf(asked));
    if (!comparable) return undefined;
    try {
      const vector = await this.embed(message, comparable.question, wanted.model, settings, calls);
      const rules = Object.entries(settings.config).filter(([key]) => ROUTING_SETTING.test(key)).sort();
      const { client, project } = message.payload.attribution ?? {}; // what one of them asked may show in the answer to what another one meant
      const scope = deterministicId('similar', hash('sha256', JSON.stringify([comparable.scope, client, project, wanted.model, rules, settings.disabledProviders.toSorted()])));
      return vector && { tenantId: message.tenantId, scope, vector, seconds: wanted.seconds, threshold: wanted.threshold };
    } catch (error) {
      this.parts.logger.warn({ error }, 'a question could not be compared with others');
      return undefined;
    }
  }

  /** The answer to the question that is most alike, if it is alike enough. */
  async find({ tenantId, scope, vector, threshold }: MeantQuestion): Promise<CachedAnswer | undefined> {
    try {
      const asked = await within(this.parts.store.asked(tenantId, scope), FOUND_WITHIN_MS, []);
      const mine = numbersOf(vector);
      const best = asked.map((before) => ({ id: before.id, likeness: productOf(mine, numbersOf(before.vector)) })).toSorted((a, b) => b.likeness - a.likeness)[0];
      return best !== undefined && best.likeness >= threshold ? await within(this.parts.store.answer(tenantId, best.id), FOUND_WITHIN_MS, undefined) : undefined;
    } catch (error) {
      this.parts.logger.warn({ error }, 'the cache of answers cannot be asked');
      return undefined;
    }
  }

  /** Keeps what was answered, in the background: only a whole answer. */
  keep({ tenantId, ...question }: MeantQuestion, { outcome, plan }: MadeCall): void {
    if (outcome.kind !== 'completed' || outcome.finishReason !== 'stop') return;
    this.parts.store.keep(tenantId, question, plan.model.id, outcome.answer()).catch((error: unknown) => this.parts.logger.warn({ error }, 'an answer could not be cached'));
  }

  private async embed(message: Request, question: string, name: string, settings: TenantSettings, calls: SideCalls): Promise<Buffer | undefined> {
    const body = Buffer.from(JSON.stringify({ model: name, input: question }));
    const payload = create(InferenceRequestSchema, { ...message.payload, wantParts: false, wire: Wire.OPENAI_EMBEDDINGS, input: { case: 'body', value: body } });
    const asked = readAskedCall(payload);
    const { models: [model] } = await this.parts.routes.find(name, asked, settings, async () => undefined);
    if (model === undefined) return undefined;
    const attempt: Attempt = { message: { ...message, payload }, id: deterministicId(message.payload.attemptId, 'embed'), plan: planCall(asked, model), route: 'compares the question with others' };
    const outcome = await sideCall(attempt, calls, Math.ceil(question.length / 4), EMBEDDED_WITHIN_MS);
    if (!outcome?.body) return undefined;
    const parsed = embeddingSchema.safeParse(JSON.parse(outcome.body.toString('utf8')));
    return parsed.success ? unit(parsed.data.data[0]?.embedding ?? []) : undefined;
  }
}

function settingsOf({ config }: TenantSettings): SemanticCacheSettings | undefined {
  if (config['cache.semantic'] === undefined) return undefined;
  try {
    return semanticCacheSchema.safeParse(JSON.parse(config['cache.semantic'])).data;
  } catch {
    return undefined; // it was checked when it was set
  }
}

/** The vector at length 1, as it is stored. */
function unit(vector: readonly number[]): Buffer | undefined {
  const length = Math.hypot(...vector);
  if (!(length > 0)) return undefined;
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, i) => bytes.writeFloatLE(value / length, i * 4));
  return bytes;
}

function numbersOf(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** The cosine of two vectors of length 1; those of different models have nothing in common. */
function productOf(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return -1;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
