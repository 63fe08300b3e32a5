import { create } from '@bufbuild/protobuf';
import type { ChannelBus, Message, OutgoingMessage } from '@nexus/channels';
import { RoutingSchema } from '@nexus/contracts';
import { answerAsEvents } from '@nexus/wires';
import type { AskedByClient } from '../domain/asked-call.js';
import { clientFormOf } from '../domain/client-form.js';
import type { CachedAnswer } from '../storage/cache.store.js';
import { cachedAnswerOf } from './answer.js';
import { LiveParts } from './live-parts.js';

/** An answer that is given again. */
export interface GivenAgain {
  readonly message: Message<'inference.request'>;
  readonly asked: AskedByClient;
  readonly cached: CachedAnswer;
  readonly how: 'exact' | 'semantic';
  /** For live parts. */
  readonly bus: Pick<ChannelBus, 'publish'>;
  /** Unix milliseconds. */
  readonly now: number;
  /** Spent to find it. */
  readonly besideMicroUsd: number;
}

const REASONS = { exact: 'the same was asked before', semantic: 'what means the same was asked before' } as const;

/** The answer once more, in the form in which it is asked for now: whole or as a stream, in the wire of the client. */
export function cachedAnswers({ message, asked, cached, how, bus, now, besideMicroUsd }: GivenAgain): readonly OutgoingMessage[] {
  const routing = create(RoutingSchema, { requested: message.payload.model, model: cached.model, reason: REASONS[how], cache: how });
  const attempt = { id: message.payload.attemptId, now };
  const { answer, body } = cached;
  if (!answer) return [cachedAnswerOf(message, { body: body ?? new Uint8Array(), finishReason: 'stop', parts: 0, besideMicroUsd }, routing)];
  const form = clientFormOf(asked, false);
  if (!asked.isStream) return [cachedAnswerOf(message, { body: form.answerBytes({ body: Buffer.alloc(0), answer: () => answer }, attempt), finishReason: answer.finishReason, parts: 0, besideMicroUsd }, routing)];
  const live = new LiveParts(bus, message, { wantsUsage: true, writer: form.writerFor(attempt) });
  live.add(Buffer.alloc(0), {}, undefined, answerAsEvents(answer));
  live.end();
  return [cachedAnswerOf(message, { body: new Uint8Array(), finishReason: answer.finishReason, parts: live.sent, besideMicroUsd }, routing)];
}
