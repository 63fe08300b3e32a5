import { create } from '@bufbuild/protobuf';
import { outgoing, type ChannelBus, type OutgoingMessage } from '@nexus/channels';
import { TokenPriceSchema, UsageRecordedSchema, UsageRecorded_Result as Result, type TokenPrice, type UnknownAttempt } from '@nexus/contracts';
import { AppError, type Clock } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import { priceForInput } from '../domain/model-catalog.js';
import type { Models } from '../providers/models.js';
import type { AttemptFate } from '../providers/http/look-up-attempt.js';
import type { ProviderClient } from '../providers/provider-client.js';
import type { Usage } from '../providers/provider-outcome.js';
import { toWirePrice, toWireUsage } from '../providers/to-contract.js';
import type { AttemptOwner } from './attempt-owner.js';

export interface UnknownAttemptsParts {
  readonly bus: Pick<ChannelBus, 'publish'>;
  readonly models: Models;
  readonly client: Pick<ProviderClient, 'lookUp'>;
  readonly owner: AttemptOwner;
  readonly clock: Clock;
  readonly logger: Logger;
}

const ASK_WITHIN_MS = 10_000;
const MOST_AT_ONCE = 16;
/**
 * A request that its sender wrote before it died may still be on its way when the provider is first asked: that the provider does not
 * know it counts from the third time on, which by the ledger's defaults is six seconds later.
 */
const ASKED_BEFORE_NOT_FOUND = 2;

/** Looks into UNKNOWN attempts: asks the provider what came of them, and tells the ledger. */
export class UnknownAttempts {
  private readonly waiting: UnknownAttempt[] = [];
  private readonly stopping = new AbortController();
  private underWay = 0;

  constructor(private readonly parts: UnknownAttemptsParts) {}

  /** Returns at once. What comes to nothing is handed out again by the ledger. */
  lookInto(attempts: readonly UnknownAttempt[]): void {
    this.waiting.push(...attempts);
    while (this.underWay < MOST_AT_ONCE && this.waiting.length > 0) void this.work();
  }

  stop(): void {
    this.stopping.abort();
    this.waiting.length = 0;
  }

  private async work(): Promise<void> {
    this.underWay++;
    for (let attempt = this.waiting.shift(); attempt; attempt = this.waiting.shift()) await this.one(attempt);
    this.underWay--;
  }

  /** Never rejects. */
  private async one(attempt: UnknownAttempt): Promise<void> {
    const { bus, logger } = this.parts;
    try {
      const fate = await this.ask(attempt);
      const record = fate && this.recordOf(attempt, fate);
      if (record === 'unresolvable') this.giveUp(attempt);
      else if (record) await bus.publish(record);
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      logger.warn({ attempt: attempt.attemptId, provider: attempt.provider, error }, 'a provider could not be asked what became of an attempt');
      this.giveUp(attempt);
    }
  }

  /** What the provider says; undefined when it cannot be asked, of which the ledger has been told. */
  private async ask(attempt: UnknownAttempt): Promise<AttemptFate | undefined> {
    const target = this.stateOf(attempt.provider)?.target;
    const fate = target && (await this.parts.client.lookUp(target, attempt.attemptId, AbortSignal.any([this.stopping.signal, AbortSignal.timeout(ASK_WITHIN_MS)])));
    if (!fate) this.giveUp(attempt);
    return fate;
  }

  /** Undefined: not yet. */
  private recordOf(attempt: UnknownAttempt, { status, usage }: AttemptFate): OutgoingMessage | 'unresolvable' | undefined {
    switch (status) {
      case 'in_progress': return 'unresolvable'; // one that says so for ever must not hold its reservation for ever: the ledger books only after a time, and a record that comes later corrects it
      case 'not_found': return attempt.asked >= ASKED_BEFORE_NOT_FOUND ? this.record(attempt, Result.NOT_SENT, undefined) : undefined;
      case 'completed': return usage ? this.record(attempt, Result.SUCCEEDED, usage) : 'unresolvable';
      case 'failed': return this.record(attempt, Result.FAILED, usage);
    }
  }

  private record(attempt: UnknownAttempt, result: Result, usage: Usage | undefined): OutgoingMessage {
    const { tenantId, attemptId, provider, model, attribution, runId } = attempt;
    return outgoing({
      channel: 'usage.recorded', id: attemptId, tenantId,
      payload: create(UsageRecordedSchema, {
        attemptId, result, provider, model, attribution, runId, resolution: 'provider', usage: usage && toWireUsage(usage), price: this.priceOf(attempt, usage),
        finishedAtMs: BigInt(this.parts.clock.now()), errorCode: 'attempt_unknown',
      }),
    });
  }

  /** The price of its worst case stands with the attempt: where that is the one for long inputs, a shorter one may have been cheaper. */
  private priceOf({ provider, model: name, price = create(TokenPriceSchema) }: UnknownAttempt, usage: Usage | undefined): TokenPrice {
    if (!usage) return price;
    try {
      const model = this.parts.models.catalog.resolve(`${provider}/${name}`);
      const isLong = model.longContext !== undefined && isSame(toWirePrice(model.longContext.price), price);
      return isLong ? toWirePrice(priceForInput(model, usage.input + usage.cacheRead + usage.cacheWrite)) : price;
    } catch (error) {
      if (error instanceof AppError) return price; // the model is not in the configuration any more
      throw error;
    }
  }

  private giveUp({ provider, tenantId, attemptId }: UnknownAttempt): void {
    if (this.stateOf(provider)?.config.unknown !== 'keep') this.parts.owner.say('unresolvable', { tenantId, attemptId });
  }

  private stateOf(provider: string) {
    return this.parts.models.catalog.providers.find(({ config }) => config.name === provider);
  }
}

function isSame(a: TokenPrice, b: TokenPrice): boolean {
  return a.input === b.input && a.output === b.output && a.cacheRead === b.cacheRead && a.cacheWrite === b.cacheWrite;
}
