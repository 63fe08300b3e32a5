import { fromJsonString } from '@bufbuild/protobuf';
import type { CallOptions } from '@connectrpc/connect';
import { StoredRunEventSchema, type GetRunResponse, type Run } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { keyReused, type ServiceClients } from '@nexus/runtime';

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
    const hash = requestHashOf(found);
    if (hash !== '' && hash !== requestHash) throw keyReused();
    return found as KnownRun;
  }
}

function noRun(error: unknown): undefined {
  if (AppError.from(error).status !== 404) throw error;
  return undefined;
}

/** The hash that the message came with; '' when it came without one. */
function requestHashOf({ events }: GetRunResponse): string {
  const first = events[0] && events[0].payloadJson !== '' ? fromJsonString(StoredRunEventSchema, events[0].payloadJson, { ignoreUnknownFields: true }) : undefined;
  return first?.event.case === 'accepted' ? first.event.value.requestHash : '';
}
