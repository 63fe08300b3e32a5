import type { OutgoingMessage } from '@nexus/channels';
import { metadataKeys, type IncomingRequest, type RunAccepted } from '@nexus/contracts';
import { AppError, failpoint, formatTraceparent, type Clock } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import { untouchedPlace } from '../domain/place-state.js';
import { checkName, checkRequest } from '../domain/request-rules.js';
import { runIdOf, threadIdOf } from '../domain/run-ids.js';
import { quotaExceeded, type RunQuota } from '../domain/run-quota.js';
import { storedEvent } from '../domain/stored-event.js';
import { encodeEvent } from '../storage/event-codec.js';
import type { AcceptedPlace, RunStore } from '../storage/run.store.js';
import type { ThreadStore } from '../storage/thread.store.js';
import type { AgentDirectory, ChosenAgent } from './agent-directory.js';
import type { AttachedFiles } from './attached-files.js';
import type { Beginning, Cancel, Candidate, Refused, TracedIncoming } from './candidate.js';
import type { ForkOrigins } from './fork-origins.js';
import type { KeptAgents } from './kept-agents.js';
import { requireOwnThread } from './own-surface.js';
import type { Places } from './places.js';
import type { PlanQuotas } from './plan-quotas.js';
import type { PublisherCheck, ProvenPublisher } from './publisher-check.js';
import { isRefusal, refuse } from './refusal.js';
import type { Senders } from './senders.js';
import type { StartedRuns } from './started-runs.js';

export interface StartOutcome {
  readonly messages: readonly OutgoingMessage[];
  /** To be carried out after: they may concern runs of the same batch. */
  readonly cancels: readonly Cancel[];
}

/** Makes runs of messages: proves who published, refuses with a typed answer what cannot be a run, stores the rest in one commit. */
export class StartRunsHandler {
  constructor(
    private readonly store: Pick<RunStore, 'accept'>,
    private readonly publishers: PublisherCheck,
    private readonly senders: Pick<Senders, 'serve'>,
    private readonly places: Pick<Places, 'get'>,
    private readonly agents: AgentDirectory,
    private readonly quotas: Pick<PlanQuotas, 'of'>,
    private readonly forks: ForkOrigins,
    private readonly threads: Pick<ThreadStore, 'get'>,
    private readonly attached: Pick<AttachedFiles, 'look'>,
    private readonly kept: KeptAgents,
    private readonly started: StartedRuns,
    private readonly clock: Clock,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /**
   * Undefined when the lease is no longer held: nothing was stored, and the messages are someone else's. With `overload` no run begins; what
   * is known of those that have begun is told all the same.
   */
  async handle(batch: readonly TracedIncoming[], lease: { readonly partition: number; readonly epoch: number }, overload?: AppError): Promise<StartOutcome | undefined> {
    const now = this.clock.now();
    const read = await Promise.all(batch.map((traced) => this.read(traced, lease.epoch, now)));
    const wanted = read.flatMap((one) => ('run' in one ? [one] : []));
    const candidates = overload === undefined ? wanted : [];
    const refused = [...read.flatMap((one) => ('error' in one ? [one] : [])), ...(overload === undefined ? [] : wanted.map((one) => ({ ...one, error: overload })))];
    const messages = await this.started.tellRefused(refused, now);
    const cancels = read.flatMap((one) => ('runId' in one ? [one] : []));
    if (candidates.length === 0) return { messages, cancels };
    failpoint('orchestrator.before-accept');
    const places = await this.store.accept(lease, now, this.newAgents(candidates), candidates.map(({ run }) => run));
    if (places === undefined) return undefined;
    failpoint('orchestrator.after-accept');
    for (const { run, agent } of candidates) this.kept.set(run.tenantId, agent.stored.hash, agent.kept);
    const placed = candidates.map((candidate, index) => ({ candidate, place: places[index] as AcceptedPlace }));
    const begun = await this.started.publish(placed.filter(({ place }) => !place.isRefused), now);
    const overQuota = placed.flatMap(({ candidate, place }) => (place.isRefused && candidate.quota ? [refuse(candidate, candidate.publisher, quotaExceeded(candidate.quota, now))] : []));
    return { messages: [...messages, ...begun, ...overQuota], cancels };
  }

  /** Whose message it is, as far as that can be told now. */
  publisherOf(message: TracedIncoming['message']): Promise<ProvenPublisher | undefined> {
    return this.publishers.prove(message).catch(() => undefined);
  }

  private async read(traced: TracedIncoming, epoch: number, now: number): Promise<Candidate | Cancel | Refused> {
    const { message } = traced;
    let publisher: ProvenPublisher | undefined;
    try {
      publisher = await this.publishers.prove(message);
      if (publisher.refusedReplyTo) this.logger.warn({ code: 'reply_to_not_owned', message_id: message.id, tenant: publisher.tenantId }, 'a reply-to that the token does not own: the answer goes to requests.processed');
      if (message.payload.cancelsMessageId !== '') return { ...traced, publisher, runId: runIdOf(publisher.tenantId, message.payload.cancelsMessageId) };
      checkName('id', message.id);
      checkName('correlation_id', message.correlationId);
      checkName('request_hash', message.metadata[metadataKeys.requestHash] ?? '');
      checkRequest(message.payload, now);
      const sender = await this.senders.serve(publisher, traced, now);
      await requireOwnThread(this.threads, publisher, message.payload);
      return await this.candidateOf(traced, { publisher, sender, place: await this.placeOf(message.payload, publisher.tenantId, epoch) });
    } catch (error) {
      const refusal = AppError.from(error);
      if (!isRefusal(refusal)) throw error;
      return { ...traced, publisher, error: refusal };
    }
  }

  /** A message without a chat has no place that commands could have changed. */
  private placeOf(request: IncomingRequest, tenantId: string, epoch: number) {
    return request.chatId === '' || request.forkedFrom !== undefined ? untouchedPlace : this.places.get(epoch, tenantId, request);
  }

  /** A fork brings its conversation from its origin, and the origin's agent unless it names one. */
  private async candidateOf(traced: TracedIncoming, beginning: Beginning): Promise<Candidate> {
    const { publisher, place } = beginning;
    const payload = await this.attached.look(publisher.tenantId, traced.message.payload);
    const fork = payload.forkedFrom && (await this.forks.fork(publisher, payload, payload.forkedFrom));
    const agent = fork !== undefined && payload.agent === '' ? fork.agent : await this.agents.choose(publisher.tenantId, payload.agent, payload.model || place.model);
    return this.candidate(traced, beginning, agent, await this.quotas.of(publisher.tenantId), fork?.request ?? payload);
  }

  private candidate(traced: TracedIncoming, { publisher, sender, place }: Beginning, agent: ChosenAgent, quota: RunQuota | undefined, request: IncomingRequest): Candidate {
    const { message, trace } = traced;
    const { id: messageId, correlationId } = message;
    const { tenantId } = publisher;
    const threadId = request.threadId || threadIdOf(tenantId, request.forkedFrom === undefined ? request : { ...request, chatId: '' }, messageId, place.generation);
    const event = storedEvent('accepted', {
      request, messageId,
      replyTo: publisher.replyTo ?? '',
      correlationId: correlationId === messageId ? '' : correlationId,
      traceparent: formatTraceparent(trace),
      attribution: { ...publisher.attribution, user: sender.user, agent: agent.own.name, threadId },
      agent: agent.own,
      agentHash: agent.stored.hash,
      requestHash: message.metadata[metadataKeys.requestHash] ?? '',
      waitedMs: BigInt(Math.max(0, Math.round(this.clock.now() - message.timestamp))),
    });
    return {
      ...traced, publisher, agent, quota,
      accepted: event.event.value as RunAccepted,
      run: {
        tenantId, messageId,
        runId: runIdOf(tenantId, messageId),
        threadId,
        surface: request.surface,
        client: publisher.attribution.client,
        project: publisher.attribution.project,
        correlationId: correlationId === messageId ? undefined : correlationId,
        limitMs: Number(agent.own.deadlineMs),
        deadlineAt: Number(request.deadlineMs),
        payload: encodeEvent(event),
        quota: quota?.runsPerMonth,
      },
    };
  }

  private newAgents(candidates: readonly Candidate[]) {
    const unknown = new Map<string, ChosenAgent['stored'] & { tenantId: string }>();
    for (const { run, agent } of candidates) {
      if (this.kept.get(run.tenantId, agent.stored.hash) === undefined) unknown.set(`${run.tenantId} ${Buffer.from(agent.stored.hash).toString('hex')}`, { ...agent.stored, tenantId: run.tenantId });
    }
    return [...unknown.values()];
  }
}
