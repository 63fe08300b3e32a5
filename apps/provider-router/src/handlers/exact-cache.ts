import { hash } from 'node:crypto';
import type { ChannelBus, Message, OutgoingMessage } from '@nexus/channels';
import { Wire, type TenantSettings } from '@nexus/contracts';
import { deterministicId, type Clock } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import type { AskedByClient, AskedCall } from '../domain/asked-call.js';
import { isRepeatable } from '../domain/routing/is-repeatable.js';
import type { CacheStore, CachedAnswer } from '../storage/cache.store.js';
import type { MadeCall } from './answer.js';
import { cachedAnswers } from './cached-answers.js';
import { within } from './within.js';

type Request = Message<'inference.request'>;

export interface ExactCacheParts {
  readonly store: Pick<CacheStore, 'find' | 'keep'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Where a request stands in the cache of its tenant. */
export interface CachePlace {
  readonly tenantId: string;
  readonly id: string;
  readonly seconds: number;
  readonly asked: AskedByClient;
}

/** How an answer is sent, which does not change what it says. */
const NOT_ASKED_FOR: ReadonlySet<string> = new Set(['stream', 'stream_options']);
/** Settings that say which models may be used: an answer that was got under others is not given. */
const ROUTING_SETTING = /^(?:routing|prices)/;
const MOST_BYTES = 1_048_576;
/** A database that stands still keeps no answer from coming: the request goes its usual way. */
export const FOUND_WITHIN_MS = 500;

/**
 * Gives the answer to the very same request again, without an attempt, for as long as the tenant wants (`cache.exact_seconds`; never by
 * default). For plain requests, not for runs, which ask in order to hear something new, and for what an answer that is kept says all of.
 */
export class ExactCache {
  constructor(private readonly parts: ExactCacheParts) {}

  /** Undefined for what is not cached. */
  placeOf(message: Request, asked: AskedCall, settings: TenantSettings): CachePlace | undefined {
    const seconds = Number(settings.config['cache.exact_seconds'] ?? 0);
    if (!(seconds > 0) || message.payload.run !== undefined || !asked.client || !isRepeatable(asked)) return undefined;
    const { wire, body, headers } = asked.client;
    const said = Object.entries(body).filter(([name]) => !NOT_ASKED_FOR.has(name));
    const rules = Object.entries(settings.config).filter(([key]) => ROUTING_SETTING.test(key)).sort();
    const id = deterministicId('cache', hash('sha256', JSON.stringify([message.payload.model, wire, headers, said, rules, settings.disabledProviders.toSorted()])));
    return { tenantId: message.tenantId, id, seconds, asked };
  }

  /** What was answered before; undefined when nothing was, or when the cache cannot be asked. */
  find({ tenantId, id }: CachePlace): Promise<CachedAnswer | undefined> {
    return within(this.parts.store.find(tenantId, id), FOUND_WITHIN_MS, undefined).catch((error: unknown) => {
      this.parts.logger.warn({ error }, 'the cache of answers cannot be asked');
      return undefined;
    });
  }

  /** The answer once more. */
  answer(message: Request, place: CachePlace, cached: CachedAnswer, bus: Pick<ChannelBus, 'publish'>): readonly OutgoingMessage[] {
    return cachedAnswers({ message, asked: place.asked, cached, how: 'exact', bus, now: this.parts.clock.now(), besideMicroUsd: 0 });
  }

  /** Keeps what was answered, in the background: only a whole answer. */
  keep({ tenantId, id, seconds, asked }: CachePlace, { outcome, plan }: MadeCall): void {
    if (outcome.kind !== 'completed' || !(outcome.finishReason === 'stop' || outcome.finishReason === 'tool_calls')) return;
    const isEmbedding = asked.client.wire === Wire.OPENAI_EMBEDDINGS;
    const kept = { model: plan.model.id, answer: isEmbedding ? undefined : outcome.answer(), body: isEmbedding ? outcome.body : undefined };
    if ((kept.body?.length ?? JSON.stringify(kept.answer).length) > MOST_BYTES) return;
    this.parts.store.keep(tenantId, id, kept, seconds).catch((error: unknown) => this.parts.logger.warn({ error }, 'an answer could not be cached'));
  }
}
