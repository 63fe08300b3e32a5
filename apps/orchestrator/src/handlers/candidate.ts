import type { Message } from '@nexus/channels';
import type { RunAccepted } from '@nexus/contracts';
import type { AppError, TraceContext } from '@nexus/core';
import type { RunQuota } from '../domain/run-quota.js';
import type { PlaceState } from '../domain/place-state.js';
import type { ServedSender } from '../domain/served-sender.js';
import type { NewRun } from '../storage/run.store.js';
import type { ChosenAgent } from './agent-directory.js';
import type { ProvenPublisher } from './publisher-check.js';

/** A message with the span that its work hangs under. */
export interface TracedIncoming {
  readonly message: Message<'requests.incoming'>;
  readonly trace: TraceContext;
  /** This entry came before. */
  readonly isAgain: boolean;
}

/** Of a message that is about to become a run. */
export interface Beginning {
  readonly publisher: ProvenPublisher;
  readonly sender: ServedSender;
  readonly place: PlaceState;
}

/** A message that may start a run. */
export interface Candidate extends TracedIncoming {
  readonly publisher: ProvenPublisher;
  readonly agent: ChosenAgent;
  /** Undefined when the tenant has no plan. */
  readonly quota: RunQuota | undefined;
  readonly accepted: RunAccepted;
  readonly run: NewRun;
}

/** A message that shall not start a run. */
export interface Refused extends TracedIncoming {
  /** Undefined when that could not be told. */
  readonly publisher: ProvenPublisher | undefined;
  readonly error: AppError;
}

/** The run that a message wants to stop. */
export interface Cancel extends TracedIncoming {
  readonly publisher: ProvenPublisher;
  readonly runId: string;
}
