import type { GetRunRequest, GetRunResponse } from '@nexus/contracts';
import { AppError, isUuid } from '@nexus/core';
import type { Gateway } from './gateway-client.js';

/** The run with this id, else the one that this message began, else the one of this correlation id. */
export async function findRun({ threads }: Pick<Gateway, 'threads'>, id: string): Promise<GetRunResponse | undefined> {
  const ways: GetRunRequest['by'][] = [
    ...(isUuid(id) ? [{ case: 'id' as const, value: id }] : []),
    { case: 'messageId', value: id },
    { case: 'correlationId', value: id },
  ];
  for (const by of ways) {
    try {
      return await threads.getRun({ by });
    } catch (error) {
      if (!(error instanceof AppError && error.status === 404)) throw error;
    }
  }
  return undefined;
}
