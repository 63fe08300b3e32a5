import type { CallOptions, Client, HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject, Injectable } from '@nestjs/common';
import {
  DeadLetterService,
  type CountDeadLettersRequest, type DeadLetter, type GetDeadLetterRequest, type ListDeadLettersRequest, type PurgeDeadLettersRequest, type ReplayDeadLettersRequest,
} from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { CLIENTS, RpcService, asKey, asService, asTenant, caller, cursorAfter, idempotencyKeyOf, type ServiceClients, type ServiceName } from '@nexus/runtime';

/** The services that keep dead letters. */
const keepers: readonly ServiceName[] = ['orchestrator', 'provider-router', 'tool-executor', 'settings', 'usage'];

/** Most letters at once, as every service has it. */
const MOST = 100;
const USUAL = 20;
const MOST_FAILURES = 20;

type Letters = Client<typeof DeadLetterService>;

/**
 * The dead letters of all services as one. Each service decides what the caller may see and change. One that does not answer fails a
 * question, as the answer would not be whole; of a change, the answer says which service was not reached.
 */
@Injectable()
@RpcService(DeadLetterService)
export class DeadLettersRpc implements ServiceImpl<typeof DeadLetterService> {
  constructor(@Inject(CLIENTS) private readonly clients: ServiceClients) {}

  async listDeadLetters(request: ListDeadLettersRequest, context: HandlerContext) {
    const limit = Math.min(Math.max(request.limit || USUAL, 1), MOST);
    const lists = await this.askAll(request.consumerGroup, context, (letters, options) => letters.listDeadLetters({ ...request, limit }, options));
    const all = lists.flatMap((list) => list.deadLetters).sort(newestFirst);
    const deadLetters = all.slice(0, limit);
    const last = deadLetters.at(-1);
    const hasMore = all.length > limit || lists.some((list) => list.nextCursor !== '');
    return { deadLetters, nextCursor: hasMore && last !== undefined ? cursorAfter(last) : '' };
  }

  async countDeadLetters(request: CountDeadLettersRequest, context: HandlerContext) {
    const lists = await this.askAll(request.consumerGroup, context, (letters, options) => letters.countDeadLetters(request, options));
    return { counts: lists.flatMap((list) => list.counts).sort((a, b) => b.count - a.count) };
  }

  async getDeadLetter(request: GetDeadLetterRequest, context: HandlerContext) {
    const answers = await this.tryAll(keepers, context, (letters, options) => letters.getDeadLetter(request, options));
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))[0];
    if (found !== undefined) return found;
    const errors = answers.map((answer) => AppError.from(answer.status === 'rejected' ? answer.reason : undefined));
    // Nobody has it, unless somebody could not be asked.
    throw errors.find((error) => error.status !== 404) ?? AppError.from(errors[0]);
  }

  async replayDeadLetters(request: ReplayDeadLettersRequest, context: HandlerContext) {
    const { answers, unanswered } = await this.changeAll(request.selection?.consumerGroup ?? '', context, (letters, options) => letters.replayDeadLetters(request, options));
    return {
      selected: sum(answers.map((answer) => answer.selected)),
      replayed: sum(answers.map((answer) => answer.replayed)),
      failures: answers.flatMap((answer) => answer.failures).slice(0, MOST_FAILURES),
      hasMore: answers.some((answer) => answer.hasMore),
      seenUntil: latest(answers),
      unanswered,
    };
  }

  async purgeDeadLetters(request: PurgeDeadLettersRequest, context: HandlerContext) {
    const { answers, unanswered } = await this.changeAll(request.selection?.consumerGroup ?? '', context, (letters, options) => letters.purgeDeadLetters(request, options));
    return {
      selected: sum(answers.map((answer) => answer.selected)),
      purged: sum(answers.map((answer) => answer.purged)),
      hasMore: answers.some((answer) => answer.hasMore),
      seenUntil: latest(answers),
      unanswered,
    };
  }

  private askAll<T>(group: string, context: HandlerContext, ask: (letters: Letters, options: CallOptions) => Promise<T>): Promise<T[]> {
    const options = optionsFor(context);
    return Promise.all(keepersOf(group).map((service) => ask(this.clients.deadLetters(service), options)));
  }

  private tryAll<T>(services: readonly ServiceName[], context: HandlerContext, ask: (letters: Letters, options: CallOptions) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
    const options = optionsFor(context);
    return Promise.allSettled(services.map((service) => ask(this.clients.deadLetters(service), options)));
  }

  /** What was done where; throws when nothing was done anywhere, or when it was refused. */
  private async changeAll<T>(group: string, context: HandlerContext, change: (letters: Letters, options: CallOptions) => Promise<T>): Promise<{ readonly answers: T[]; readonly unanswered: string[] }> {
    const services = keepersOf(group);
    const outcomes = await this.tryAll(services, context, change);
    const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const errors = outcomes.map((outcome) => (outcome.status === 'rejected' ? AppError.from(outcome.reason) : undefined));
    const refusal = errors.find((error) => error !== undefined && (answers.length === 0 || error.status < 500));
    if (refusal !== undefined) throw refusal;
    return { answers, unanswered: services.filter((_, i) => errors[i] !== undefined) };
  }
}

/** A service's letters are those of its group. */
function keepersOf(group: string): readonly ServiceName[] {
  const only = keepers.filter((service) => service === group);
  return only.length > 0 ? only : keepers;
}

function newestFirst(a: DeadLetter, b: DeadLetter): number {
  return Number(b.lastSeenAt - a.lastSeenAt) || (b.id < a.id ? -1 : 1);
}

function latest(answers: readonly { readonly seenUntil: bigint }[]): bigint {
  return answers.reduce((most, { seenUntil }) => (seenUntil > most ? seenUntil : most), 0n);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function optionsFor(context: HandlerContext): CallOptions {
  const { tenantId, key, trace, requestId } = caller(context);
  const details = { trace, requestId, signal: context.signal, idempotencyKey: idempotencyKeyOf(context) };
  if (key !== undefined) return asKey(tenantId, key, trace, details);
  return tenantId === '' ? asService(details) : asTenant(tenantId, trace, details);
}
