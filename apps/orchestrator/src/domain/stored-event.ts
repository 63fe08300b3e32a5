import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { StoredRunEventSchema, type StoredRunEvent } from '@nexus/contracts';

type Init = Extract<NonNullable<MessageInitShape<typeof StoredRunEventSchema>['event']>, { value: unknown }>;

export type RunEventKind = NonNullable<StoredRunEvent['event']['case']>;

/** An event to store, from plain fields. */
export function storedEvent<K extends RunEventKind>(kind: K, value: Extract<Init, { case: K }>['value']): StoredRunEvent {
  return create(StoredRunEventSchema, { event: { case: kind, value } as Init });
}
