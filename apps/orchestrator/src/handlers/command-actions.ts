import { ChatKind, type IncomingRequest, type Model, type UsageRow } from '@nexus/contracts';
import { AppError, assertExhaustive, type Clock, type TraceContext } from '@nexus/core';
import { ExpiringCache, asTenant, type ServiceClients } from '@nexus/runtime';
import type { CheckedCommand } from '../domain/command-rules.js';
import { commandText } from '../domain/command-text.js';
import { isModelNamed } from '../domain/named-model.js';
import type { PlaceState } from '../domain/place-state.js';
import { threadOfPlace } from '../domain/run-ids.js';
import type { ServedSender } from '../domain/served-sender.js';
import type { StoppedRuns } from '../storage/command.store.js';
import type { PlaceStore } from '../storage/place.store.js';
import type { AgentDirectory } from './agent-directory.js';

/** A command of somebody who may give it. */
export interface AskedCommand extends CheckedCommand {
  readonly tenantId: string;
  readonly request: IncomingRequest;
  readonly sender: ServedSender;
  readonly place: PlaceState;
  readonly trace: TraceContext | undefined;
}

/** What it comes to, before anything is stored here. */
export interface CommandResult {
  readonly text: string;
  /** How the place stands from now on; undefined when that stays. */
  readonly place?: PlaceState;
  readonly stopped?: StoppedRuns;
}

/** Goes back to the agent's own model. */
const OWN_MODEL = 'default';
/** Other messages wait meanwhile. */
const ASK_WITHIN_MS = 2_000;
/** A large ledger may take seconds to sum up: whoever asks is told to ask again, and finds the sum then. */
const SUM_WITHIN_MS = 250;
const SUM_TAKES_MS = 20_000;
const ASK_AGAIN_MS = 2_000;
const KEEP_MS = 10_000;
/** Of a place, those that may still have something under way. */
const LATEST_THREADS = 10;

/** Finds out what commands come to. What it changes elsewhere (links, owners) it may change again: it is the same then. */
export class CommandActions {
  private readonly models: ExpiringCache<readonly Model[]>;
  /** What each user has spent this month. */
  private readonly spent: ExpiringCache<readonly UsageRow[]>;

  constructor(
    private readonly clients: Pick<ServiceClients, 'identity' | 'providers' | 'usage'>,
    private readonly agents: Pick<AgentDirectory, 'choose'>,
    private readonly store: Pick<PlaceStore, 'openRuns'>,
    clock: Clock,
  ) {
    this.models = new ExpiringCache<readonly Model[]>({
      clock,
      load: async (tenantId) => (await clients.providers.listModels({ tenantId }, asTenant(tenantId, undefined, { timeoutMs: ASK_WITHIN_MS }))).models,
      keepMs: () => KEEP_MS,
    });
    this.spent = new ExpiringCache<readonly UsageRow[]>({
      clock,
      load: async (tenantId) => (await clients.usage.getUsage({ groupBy: ['user'] }, asTenant(tenantId, undefined, { timeoutMs: SUM_TAKES_MS }))).rows,
      keepMs: () => KEEP_MS,
    });
  }

  /** Throws an AppError for what cannot be done; a retryable one when somebody else must be asked and does not answer. */
  carryOut(asked: AskedCommand): Promise<CommandResult> | CommandResult {
    const { name, place } = asked;
    switch (name) {
      case 'new': return { text: commandText.begunAnew, place: { ...place, generation: place.generation + 1 } };
      case 'stop': return this.stop(asked);
      case 'model': return this.model(asked);
      case 'cost': return this.cost(asked);
      case 'link': return this.link(asked);
      case 'claim': return this.claim(asked);
      default: return assertExhaustive(name);
    }
  }

  /** What is asked after `/new` has a thread of its own, and what was asked before may still be under way. */
  private async stop({ tenantId, request, place }: AskedCommand): Promise<CommandResult> {
    const generations = Array.from({ length: Math.min(place.generation + 1, LATEST_THREADS) }, (_, back) => place.generation - back);
    const threads = request.threadId === '' ? generations.map((generation) => threadOfPlace(tenantId, request, generation)) : [request.threadId];
    const stopped = await this.store.openRuns(tenantId, threads);
    const count = stopped.active.length + stopped.waiting.length;
    return { text: count === 0 ? commandText.nothingToStop : commandText.stopped(count), stopped };
  }

  private async model({ tenantId, request, place, argument }: AskedCommand): Promise<CommandResult> {
    if (argument === '' && place.model !== '') return { text: commandText.modelIs(place.model) };
    const { own } = await this.agents.choose(tenantId, request.agent, '');
    if (argument === '') return { text: commandText.modelIsOwn(own.model) };
    if (argument === OWN_MODEL) return { text: commandText.modelReset(own.model), place: { ...place, model: '' } };
    if (!isModelNamed(await this.models.get(tenantId), argument)) throw new AppError('model_not_found', `There is no model ${JSON.stringify(argument)} here. GET /v1/models lists those that there are; auto lets NEXUS choose.`, { status: 404, param: 'command.argument' });
    return { text: commandText.modelSet(argument), place: { ...place, model: argument } };
  }

  private async cost({ tenantId, sender }: AskedCommand): Promise<CommandResult> {
    if (!sender.isOwn) return { text: commandText.costIsOthers };
    const rows = await soon(this.spent.get(tenantId));
    const mine = rows.find(({ user }) => user === sender.user);
    return { text: commandText.cost(Number(mine?.costMicroUsd ?? 0n), Number(mine?.attempts ?? 0n)) };
  }

  private async link({ tenantId, request, argument, trace }: AskedCommand): Promise<CommandResult> {
    if (argument === '') return { text: commandText.linkHow };
    const { surface, sender } = request;
    const { personName } = await this.clients.identity.redeemLinkCode({ surface, accountId: sender?.id ?? '', accountName: sender?.name ?? '', code: argument }, this.options(tenantId, trace));
    return { text: commandText.linked(personName) };
  }

  private async claim({ tenantId, request, trace }: AskedCommand): Promise<CommandResult> {
    if (request.chatKind !== ChatKind.GROUP) return { text: commandText.noGroup };
    const { surface, chatId, sender } = request;
    const { ownerName } = await this.clients.identity.claimChat({ surface, chatId, accountId: sender?.id ?? '' }, this.options(tenantId, trace));
    return { text: commandText.claimed(ownerName) };
  }

  private options(tenantId: string, trace: TraceContext | undefined) {
    return asTenant(tenantId, trace, { timeoutMs: ASK_WITHIN_MS });
  }
}

/** Throws AppError `usage_unavailable` (503, retryable) for what is not there yet; it goes on. */
async function soon<T>(sum: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AppError('usage_unavailable', 'What was spent is being added up. Ask again in a moment.', { status: 503, isRetryable: true, retryAfterMs: ASK_AGAIN_MS })), SUM_WITHIN_MS);
  });
  return Promise.race([sum, tooLate]).finally(() => clearTimeout(timer));
}
