import { deterministicId } from '@nexus/core';

/** The run that a message starts: the same message id of a tenant always means the same run. */
export const runIdOf = (tenantId: string, messageId: string): string => deterministicId(tenantId, 'run', messageId);

/** One try at the model call of a step; steps count from 1, tries from 0. */
export const attemptIdOf = (runId: string, step: number, tryNumber: number): string => deterministicId(runId, 'attempt', step, tryNumber);

/** One tool call of a step, by its place among the calls that are made. */
export const executionIdOf = (runId: string, step: number, index: number): string => deterministicId(runId, 'tool', step, index);

/** The answer of a run: the same run never gets a second one. */
export const answerIdOf = (runId: string): string => deterministicId(runId, 'answer');

/** The event that tells those outside that a run is over. */
export const finishedEventIdOf = (runId: string): string => deterministicId(runId, 'event', 'run.finished');

/** A refusal: the same message refused for the same reason is refused once. */
export const refusalIdOf = (tenantId: string, messageId: string, code: string): string => deterministicId(tenantId, 'refusal', messageId, code);

/** Under what id it is kept what came of a command. */
export const commandIdOf = (tenantId: string, messageId: string): string => deterministicId(tenantId, 'command', messageId);

/** A chat of a surface, and the topic in it; '' where there is none. */
export interface PlaceName {
  readonly surface: string;
  readonly chatId: string;
  readonly topicId: string;
}

export const placeIdOf = (tenantId: string, { surface, chatId, topicId }: PlaceName): string => deterministicId(tenantId, 'place', surface, chatId, topicId);

/** The thread of a place: each `/new` there begins another generation, the first is 0. */
export function threadOfPlace(tenantId: string, { surface, chatId, topicId }: PlaceName, generation: number): string {
  return deterministicId(tenantId, 'thread', 'chat', surface, chatId, topicId, ...(generation === 0 ? [] : [generation]));
}

/** Where a message belongs when it names no thread: its place on its surface, or a thread of its own. */
export function threadIdOf(tenantId: string, place: PlaceName, messageId: string, generation = 0): string {
  return place.chatId === '' ? deterministicId(tenantId, 'thread', 'message', messageId) : threadOfPlace(tenantId, place, generation);
}
