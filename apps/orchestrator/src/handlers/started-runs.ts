import type { OutgoingMessage } from '@nexus/channels';
import { RunStatus, metadataKeys } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { Turn } from '../domain/conversation.js';
import { decide } from '../domain/run.machine.js';
import { newRun } from '../domain/run-state.js';
import { pendingEffects } from '../domain/pending-effects.js';
import { runIdOf } from '../domain/run-ids.js';
import { storedEvent } from '../domain/stored-event.js';
import type { AcceptedPlace } from '../storage/run.store.js';
import type { Candidate, Refused, TracedIncoming } from './candidate.js';
import { completeAgent, runKey, type LiveRun } from './live-run.js';
import { answerBefore, replyTo, toMessages } from './outbox.js';
import { idOfOtherSurface, isOfOtherSurface } from './own-surface.js';
import type { ProvenPublisher } from './publisher-check.js';
import { refuse } from './refusal.js';
import type { RunLoader } from './run-loader.js';
import type { RunMemory } from './run-memory.js';

/** A message of which it is known who published it. */
type Asked = TracedIncoming & { readonly publisher: ProvenPublisher };

interface Placed {
  readonly candidate: Candidate;
  readonly place: AcceptedPlace;
}

/** What messages publish once they are stored: the first model call of a run that begins, and for a message that came before what is known of its run. */
export class StartedRuns {
  constructor(
    private readonly loader: RunLoader,
    private readonly memory: RunMemory,
  ) {}

  /** `now` is when they were stored. One query at most for all whose thread or run is not in memory. */
  async publish(placed: readonly Placed[], now: number): Promise<readonly OutgoingMessage[]> {
    const turns = placed.map(({ candidate, place }) =>
      place.isNew && place.status === RunStatus.ACTIVE ? this.memory.turnsBefore(candidate.run.tenantId, place.threadId, place.threadSeq) : { turns: [], unanswered: undefined });
    const unknown = placed.flatMap(({ candidate: { run }, place }, index) =>
      (!place.isNew || turns[index] === undefined ? [{ tenantId: run.tenantId, runId: run.runId, withTurns: place.status === RunStatus.ACTIVE }] : []));
    const loaded = await this.loader.reload(unknown); // another replica may have brought them on
    return placed.flatMap(({ candidate, place }, index) => {
      const known = loaded.get(runKey(candidate.run))?.live;
      if (!place.isNew) return known === undefined ? [] : again(candidate, known, now);
      const earlier = turns[index];
      return this.begin(candidate, place, earlier?.turns ?? known?.earlier ?? [], earlier === undefined ? known?.before : earlier.unanswered, now);
    });
  }

  /** Answers to messages that shall not start a run: the refusal, or of one that started a run before what is known of that. */
  async tellRefused(refused: readonly Refused[], now: number): Promise<readonly OutgoingMessage[]> {
    const runOf = ({ publisher, message }: Refused) => publisher && { tenantId: publisher.tenantId, runId: runIdOf(publisher.tenantId, message.id) };
    const runs = refused.map(runOf);
    const loaded = await this.loader.reload(runs.flatMap((run) => (run === undefined ? [] : [{ ...run, withTurns: true }])));
    return refused.flatMap((one, index) => {
      const { publisher, error } = one;
      const run = runs[index];
      const known = run && loaded.get(runKey(run))?.live;
      return publisher === undefined || known === undefined ? [refuse(one, publisher, error)] : again({ ...one, publisher }, known, now);
    });
  }

  private begin(candidate: Candidate, place: AcceptedPlace, earlier: readonly Turn[], before: LiveRun | undefined, now: number): readonly OutgoingMessage[] {
    const { run, accepted, agent, trace } = candidate;
    const event = storedEvent('accepted', accepted);
    const { state, effects } = decide(newRun({ runId: run.runId, threadId: place.threadId, queuedBehind: place.queuedBehind }), event, now);
    const live: LiveRun = {
      tenantId: run.tenantId, threadSeq: place.threadSeq, epoch: 1, accepted, earlier, before, state,
      agent: completeAgent(agent.own, agent.kept), events: [event], lastAt: now, bytes: run.payload.length,
    };
    if (place.status === RunStatus.ACTIVE) this.memory.keep(live);
    return [...answerBefore(live), ...toMessages(live, effects, trace).now];
  }
}

/** A message that was accepted before: its publisher hears where it stands, and gets the answer when there is one; unless it is another request by now, or another surface's. */
function again(asked: Asked, live: LiveRun, now: number): readonly OutgoingMessage[] {
  const { message, isAgain, publisher, trace } = asked;
  if (isOfOtherSurface(publisher, message.payload.surface, live.accepted.request?.surface ?? '')) return [refuse(asked, publisher, idOfOtherSurface())];
  const hash = message.metadata[metadataKeys.requestHash] ?? '';
  if (hash !== '' && live.accepted.requestHash !== '' && hash !== live.accepted.requestHash) return [refuse(asked, publisher, reused())];
  if (live.state.phase === 'over') return [replyTo(live, publisher.replyTo, trace, isAgain || !publisher.isService)];
  const { runId, threadId, queuedBehind } = live.state;
  const first = decide(newRun({ runId, threadId, queuedBehind }), live.events[0] ?? storedEvent('accepted', live.accepted), now);
  const told = toMessages(live, first.effects.filter(({ kind }) => kind === 'progress'), trace).now;
  const hasJustBegun = live.events.length === 1;
  return isAgain && hasJustBegun ? [...told, ...answerBefore(live), ...toMessages(live, pendingEffects(live.state, now), trace).now] : told;
}

const reused = (): AppError => new AppError('idempotency_key_reused', 'This message id was used with another request. Use a new id for a new request.', { status: 422, param: 'id' });
