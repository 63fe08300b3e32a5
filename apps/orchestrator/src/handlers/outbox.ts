import { create } from '@bufbuild/protobuf';
import { outgoing, type OutgoingMessage } from '@nexus/channels';
import {
  CancelInferenceSchema, ConversationSchema, ExecuteToolSchema, InferenceRequestSchema, ParametersSchema, Progress, ProgressPartSchema, metadataKeys,
  type Parameters, type StoredRunEvent, type ToolCall,
} from '@nexus/contracts';
import { assertExhaustive, deterministicId, type TraceContext } from '@nexus/core';
import { answerOf } from '../domain/answer.js';
import { conversation } from '../domain/conversation.js';
import type { Effect } from '../domain/effect.js';
import { callsToMake } from '../domain/model-answer.js';
import { answerIdOf, attemptIdOf, executionIdOf } from '../domain/run-ids.js';
import { partsEpochOf, traceOf, type LiveRun } from './live-run.js';

/** What a decision publishes. */
export interface Outgoing {
  readonly now: readonly OutgoingMessage[];
  /** To be published after a wait, if the run still waits for it then. */
  readonly later: readonly { readonly delayMs: number; readonly message: OutgoingMessage }[];
}

/** Effects as messages, their payloads rebuilt from the run's events. The same effect always gives the same ids. */
export function toMessages(live: LiveRun, effects: readonly Effect[], trace: TraceContext | undefined): Outgoing {
  const now: OutgoingMessage[] = [];
  const later: { delayMs: number; message: OutgoingMessage }[] = [];
  for (const effect of effects) {
    switch (effect.kind) {
      case 'callModel': {
        const message = modelCall(live, effect, trace);
        if (effect.delayMs > 0) later.push({ delayMs: effect.delayMs, message });
        else now.push(message);
        break;
      }
      case 'executeTools': now.push(...toolCalls(live, effect.step, effect.places, trace)); break;
      case 'stopModel': now.push(stopModel(live, trace)); break;
      case 'progress': now.push(progress(live, effect, trace)); break;
      case 'reply': now.push(reply(live, trace)); break;
      default: assertExhaustive(effect);
    }
  }
  return { now, later };
}

function envelope(live: LiveRun, trace: TraceContext | undefined) {
  const { accepted, state, tenantId } = live;
  return { tenantId, correlationId: accepted.correlationId || accepted.messageId, trace, partitionKey: state.threadId };
}

/** Two who use one message id for different requests can tell what concerns which. */
function requestHashOf({ accepted: { requestHash } }: LiveRun): Pick<OutgoingMessage, 'metadata'> {
  return requestHash === '' ? {} : { metadata: { [metadataKeys.requestHash]: requestHash } };
}

function modelCall(live: LiveRun, effect: Extract<Effect, { kind: 'callModel' }>, trace: TraceContext | undefined): OutgoingMessage {
  const { accepted, agent, state } = live;
  const attemptId = attemptIdOf(state.runId, effect.step, effect.tryNumber);
  return outgoing({
    ...envelope(live, trace),
    channel: 'inference.request',
    id: attemptId,
    payload: create(InferenceRequestSchema, {
      attemptId,
      model: agent.model,
      input: {
        case: 'conversation',
        value: create(ConversationSchema, {
          messages: conversation(agent, live.earlier, accepted.request, live.events),
          tools: agent.tools,
          parameters: parametersOf(accepted.request?.parameters, effect, agent.tools.length > 0),
        }),
      },
      wantParts: accepted.request?.progress === Progress.PARTS,
      attribution: accepted.attribution,
      run: { runId: state.runId, threadId: state.threadId, step: effect.step, epoch: partsEpochOf(live) },
      deadlineMs: BigInt(state.deadlineAt),
    }),
  });
}

/** A choice of tools is the person's for the first step; kept up, `required` would never end. */
function parametersOf(given: Parameters | undefined, effect: Extract<Effect, { kind: 'callModel' }>, hasTools: boolean): Parameters {
  const toolChoice = !hasTools ? '' : !effect.mayCallTools ? 'none' : effect.step === 1 ? (given?.toolChoice ?? '') : '';
  return { ...(given ?? create(ParametersSchema)), toolChoice };
}

function toolCalls(live: LiveRun, step: number, places: readonly number[], trace: TraceContext | undefined): readonly OutgoingMessage[] {
  const { accepted, state } = live;
  const calls = callsOfStep(live.events, step);
  return places.map((place) => {
    const executionId = executionIdOf(state.runId, step, place);
    return outgoing({
      ...envelope(live, trace),
      channel: 'tools.execute',
      id: executionId,
      payload: create(ExecuteToolSchema, {
        executionId, step,
        runId: state.runId,
        epoch: BigInt(live.epoch),
        call: calls[place],
        timezone: accepted.request?.timezone ?? '',
        locale: accepted.request?.locale ?? '',
        deadlineMs: BigInt(state.deadlineAt),
        attribution: accepted.attribution,
      }),
    });
  });
}

/** The calls that a step makes, by place. */
export function callsOfStep(events: readonly StoredRunEvent[], step: number): readonly ToolCall[] {
  const asked = events.findLast(({ event }) => event.case === 'modelAnswered' && event.value.step === step)?.event;
  return asked?.case === 'modelAnswered' ? callsToMake(asked.value) : [];
}

function stopModel(live: LiveRun, trace: TraceContext | undefined): OutgoingMessage {
  const { runId } = live.state;
  return outgoing({
    ...envelope(live, trace),
    channel: 'inference.cancel',
    id: deterministicId(runId, 'cancel'),
    payload: create(CancelInferenceSchema, { target: { case: 'runId', value: runId } }),
  });
}

function progress(live: LiveRun, effect: Extract<Effect, { kind: 'progress' }>, trace: TraceContext | undefined): OutgoingMessage {
  const { runId } = live.state;
  const epoch = partsEpochOf(live);
  return outgoing({
    ...envelope(live, trace),
    ...requestHashOf(live),
    channel: 'requests.progress',
    id: `${runId}.${epoch}.orchestrator.${effect.seq}`,
    payload: create(ProgressPartSchema, { runId, messageId: live.accepted.messageId, epoch, seq: BigInt(effect.seq), step: effect.step, part: effect.part }),
  });
}

function reply(live: LiveRun, trace: TraceContext | undefined, to = live.accepted.replyTo || undefined, once = true): OutgoingMessage {
  return outgoing({
    ...envelope(live, trace),
    channel: 'requests.processed',
    id: answerIdOf(live.state.runId),
    payload: answerOf(live.state, live.accepted, live.events),
    to,
    ...requestHashOf(live),
    once,
  });
}

/** Events of a run that has only begun: its acceptance, and where it waited its start. */
const EVENTS_OF_A_BEGINNING = 2;

/**
 * The answer before a run, to go out ahead of what the run asks first: the process that ended the run before may have died in between, and
 * answers must come in the order of the questions. It is added once, so a repeat harms nobody.
 */
export function answerBefore({ before, events }: LiveRun): readonly OutgoingMessage[] {
  return before === undefined || events.length > EVENTS_OF_A_BEGINNING ? [] : [reply(before, traceOf(before))];
}

/** The answer of a run that is over, for someone who asks again with the same message id; unless `once`, also where it was sent before. */
export const replyTo = (live: LiveRun, to: string | undefined, trace: TraceContext | undefined, once: boolean): OutgoingMessage => reply(live, trace, to, once);
