import { create } from '@bufbuild/protobuf';
import { ParametersSchema, type AgentSnapshot, type ChatMessage, type IncomingRequest, type Parameters, type StoredRunEvent } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { dialogue, userMessage, type Turn } from './conversation.js';
import { textOf, toolCallsIn } from './model-answer.js';

/** A run that another goes on from. */
export interface Origin {
  readonly agent: AgentSnapshot;
  readonly earlier: readonly Turn[];
  readonly request: IncomingRequest | undefined;
  readonly events: readonly StoredRunEvent[];
  /** False while it waits for the runs before it, and when it was ended there: what is said before it is not known. */
  readonly hasBegun: boolean;
}

/**
 * The request of a fork with what it takes from its origin: the conversation as it stood after the step, then what is said with the
 * fork itself, as a history; time zone, locale, parameters and tags where the fork names none. Throws AppError `invalid_request` or
 * `step_not_finished` when nothing can go on from there.
 */
export function forkedRequest(fork: IncomingRequest, step: number, origin: Origin): IncomingRequest {
  const { request } = origin;
  const isSaying = fork.text.trim() !== '' || fork.attachments.length > 0;
  return {
    ...fork,
    text: '',
    history: [...conversationAfter(step, origin, isSaying), ...(isSaying ? [userMessage(fork)] : [])],
    timezone: fork.timezone || (request?.timezone ?? ''),
    locale: fork.locale || (request?.locale ?? ''),
    parameters: fork.parameters ?? parametersAfter(step, request?.parameters),
    tags: Object.keys(fork.tags).length > 0 ? fork.tags : (request?.tags ?? {}),
  };
}

function conversationAfter(step: number, { agent, earlier, request, events, hasBegun }: Origin, isSaying: boolean): readonly ChatMessage[] {
  if (!hasBegun) throw notFinished('The run has not begun: it waits for those before it in its thread, or was ended there. Its conversation is not known.');
  if (step === 0) return dialogue(agent, earlier, request, []);
  const answers = events.flatMap(({ event }) => (event.case === 'modelAnswered' ? [event.value] : []));
  const answer = answers.find((one) => one.step === step);
  if (answer === undefined) throw invalid(`The run has answers of the model for the steps ${answers.map((one) => one.step).join(', ') || '(none)'}; 0 is the question alone.`);
  const until = events.filter(({ event }) => event.case !== undefined && (!('step' in event.value) || event.value.step <= step));
  const calls = toolCallsIn(answer.message);
  if (calls.length === 0) {
    if (textOf(answer.message).trim() === '') throw invalid(`The model answered nothing in step ${step}. Fork after the step before.`);
    if (!isSaying) throw new AppError('invalid_request', `Step ${step} is the answer: say something to go on from it (text), or fork after an earlier step.`, { status: 400, param: 'text' });
    return dialogue(agent, earlier, request, until);
  }
  const answered = new Set(answer.invalidCalls.map((result) => result.callId));
  for (const { event } of until) if (event.case === 'toolFinished') answered.add(event.value.executed?.result?.callId ?? '');
  const missing = calls.filter((call) => !answered.has(call.id));
  if (missing.length > 0) throw notFinished(`Step ${step} has no result yet of ${missing.map((call) => call.name).join(', ')}. Fork after step ${step - 1}, or wait.`);
  return dialogue(agent, earlier, request, until);
}

/** A choice of tools was made for the first step. */
function parametersAfter(step: number, given: Parameters | undefined): Parameters | undefined {
  return given === undefined || step === 0 ? given : { ...create(ParametersSchema), ...given, toolChoice: '' };
}

const invalid = (message: string): AppError => new AppError('invalid_request', message, { status: 400, param: 'step' });
const notFinished = (message: string): AppError => new AppError('step_not_finished', message, { status: 409, param: 'step' });
