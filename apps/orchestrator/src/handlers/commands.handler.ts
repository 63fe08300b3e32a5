import { outgoing, type OutgoingMessage } from '@nexus/channels';
import { metadataKeys, toWireError, type Command, type ProcessedRequest } from '@nexus/contracts';
import { AppError, failpoint, type Clock } from '@nexus/core';
import { checkCommand } from '../domain/command-rules.js';
import { commandAnswerOf, refusalOf } from '../domain/answer.js';
import { untouchedPlace } from '../domain/place-state.js';
import { answerIdOf, commandIdOf, placeIdOf, runIdOf, threadIdOf } from '../domain/run-ids.js';
import { checkName } from '../domain/request-rules.js';
import type { CommandStore, KeptCommand, StoppedRuns } from '../storage/command.store.js';
import type { ThreadStore } from '../storage/thread.store.js';
import type { AdvanceRunsHandler } from './advance-runs.handler.js';
import type { TracedIncoming } from './candidate.js';
import type { CommandActions, CommandResult } from './command-actions.js';
import { idOfOtherSurface, isOfOtherSurface, requireOwnThread } from './own-surface.js';
import type { Places } from './places.js';
import type { ProvenPublisher, PublisherCheck } from './publisher-check.js';
import { isRefusal, refuse } from './refusal.js';
import { cancelled } from './run-input.js';
import type { Senders } from './senders.js';

/** A message that asks something of NEXUS itself. */
export interface TracedCommand extends TracedIncoming {
  readonly command: Command;
}

export interface CommandsHandlerParts {
  readonly publishers: PublisherCheck;
  readonly senders: Senders;
  readonly places: Places;
  readonly actions: CommandActions;
  readonly store: CommandStore;
  readonly threads: Pick<ThreadStore, 'get'>;
  readonly advance: Pick<AdvanceRunsHandler, 'handle'>;
  readonly clock: Clock;
}

const nothing: StoppedRuns = { waiting: [], active: [] };

interface Lease {
  readonly partition: number;
  readonly epoch: number;
}

/**
 * Answers commands, one after the other, in the order of the stream. What a command comes to is stored with its answer before anything of it is
 * seen: the same message id again acts no more, and gets the same answer.
 */
export class CommandsHandler {
  constructor(private readonly parts: CommandsHandlerParts) {}

  /** What to publish; undefined when the lease is no longer held: then nothing was stored. */
  async handle(traced: TracedCommand, lease: Lease): Promise<readonly OutgoingMessage[] | undefined> {
    const { message } = traced;
    let publisher: ProvenPublisher | undefined;
    try {
      publisher = await this.parts.publishers.prove(message);
      checkName('id', message.id);
      checkName('correlation_id', message.correlationId);
      checkName('request_hash', message.metadata[metadataKeys.requestHash] ?? '');
      const checked = checkCommand(message.payload, traced.command);
      const { tenantId } = publisher;
      const id = commandIdOf(tenantId, message.id);
      const kept = await this.parts.store.get(tenantId, id);
      if (kept !== undefined && isOfOtherSurface(publisher, message.payload.surface, kept.answer.surface)) throw idOfOtherSurface();
      if (kept !== undefined) return await this.tell(traced, publisher, kept, false);
      const sender = await this.parts.senders.serve(publisher, traced, this.parts.clock.now());
      const { payload: request } = message;
      await requireOwnThread(this.parts.threads, publisher, request);
      const place = request.chatId === '' ? untouchedPlace : await this.parts.places.get(lease.epoch, tenantId, request);
      const result = await settled(() => this.parts.actions.carryOut({ ...checked, tenantId, request, sender, place, trace: traced.trace }));
      // somebody who had to be asked does not answer now: said each time, and not kept
      if (result instanceof AppError && result.isRetryable) return [refuse(traced, publisher, result)];
      return await this.keep(traced, publisher, lease, id, result);
    } catch (error) {
      const refusal = AppError.from(error);
      if (!isRefusal(refusal)) throw error;
      return [refuse(traced, publisher, refusal)];
    }
  }

  private async keep(traced: TracedCommand, publisher: ProvenPublisher, lease: Lease, id: string, result: CommandResult | AppError): Promise<readonly OutgoingMessage[] | undefined> {
    const { tenantId } = publisher;
    const { message } = traced;
    const { payload: request } = message;
    const { place: state, stopped = nothing } = result instanceof AppError ? {} : result;
    const threadId = state === undefined ? '' : threadIdOf(tenantId, request, message.id, state.generation);
    const answer = result instanceof AppError ? refusalOf(message.id, request, toWireError(result)) : commandAnswerOf(message.id, request, result.text, threadId);
    const kept: KeptCommand = { answer, stopped };
    failpoint('orchestrator.before-accept');
    const place = state && { id: placeIdOf(tenantId, request), name: request, state };
    if (!(await this.parts.store.accept(lease, this.parts.clock.now(), { ...kept, tenantId, id, place }))) return undefined;
    failpoint('orchestrator.after-accept');
    if (state !== undefined) this.parts.places.set(lease.epoch, tenantId, request, state);
    if (traced.command.name === 'link' || traced.command.name === 'claim') this.parts.senders.forget(tenantId, request.surface); // what comes next is theirs
    return this.tell(traced, publisher, kept, true);
  }

  /** Runs that wait end before the active ones, which would let them begin; their answers go out in the order of the questions. */
  private async tell(traced: TracedCommand, publisher: ProvenPublisher, { answer, stopped }: KeptCommand, isNew: boolean): Promise<readonly OutgoingMessage[]> {
    const end = (runs: readonly string[]) => this.parts.advance.handle(runs.map((runId) => cancelled({ tenantId: publisher.tenantId, runId }, traced, false)));
    const ofWaiting = await end(stopped.waiting);
    const ofActive = await end(stopped.active);
    return [...ofActive, ...ofWaiting, this.answerMessage(traced, publisher, answer, isNew)];
  }

  /** The id is that of the answer of the run which the message would have started: whatever becomes of a message id, it has one answer. */
  private answerMessage({ message, trace, isAgain }: TracedCommand, { tenantId, isService, replyTo }: ProvenPublisher, payload: ProcessedRequest, isNew: boolean): OutgoingMessage {
    const requestHash = message.metadata[metadataKeys.requestHash];
    return outgoing({
      channel: 'requests.processed',
      id: answerIdOf(runIdOf(tenantId, message.id)),
      payload,
      tenantId, trace,
      correlationId: message.correlationId,
      to: replyTo,
      ...(requestHash !== undefined && { metadata: { [metadataKeys.requestHash]: requestHash } }),
      once: isNew || isAgain || !isService, // a service that asks again needs it again
    });
  }
}

/** A refusal is a result like any other; a fault is none. */
async function settled(carryOut: () => Promise<CommandResult> | CommandResult): Promise<CommandResult | AppError> {
  try {
    return await carryOut();
  } catch (error) {
    const refusal = AppError.from(error);
    if (refusal.code === 'internal') throw error;
    return refusal;
  }
}
