import type { CallOptions } from '@connectrpc/connect';
import type { GetRunResponse, Run } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { keyReused, type ServiceClients } from '@nexus/runtime';
import { acceptanceOf } from '../domain/run-acceptance.js';

/** A message whose id is made from an Idempotency-Key, and the hash of what it asks. */
export interface KeyedMessage {
  readonly messageId: string;
  readonly requestHash: string;
}

export type KnownRun = GetRunResponse & { readonly run: Run };

/** What was begun before under an Idempotency-Key, at whatever replica. */
export class KeyedRuns {
  constructor(private readonly clients: Pick<ServiceClients, 'threads'>) {}

  /** The run of the message, undefined when there is none yet. Throws `idempotency_key_reused` (422) when it was started by another request. */
  async find({ messageId, requestHash }: KeyedMessage, options: CallOptions): Promise<KnownRun | undefined> {
    const found = await this.clients.threads.getRun({ by: { case: 'messageId', value: messageId } }, options).catch(noRun);
    if (found?.run === undefined) return undefined;
    const hash = acceptanceOf(found)?.requestHash ?? '';
    if (hash !== '' && hash !== requestHash) throw keyReused();
    return found as KnownRun;
  }
}

function noRun(error: unknown): undefined {
  if (AppError.from(error).status !== 404) throw error;
  return undefined;
}
