import { fromJsonString } from '@bufbuild/protobuf';
import { KeyKind, StoredRunEventSchema, type GetRunResponse, type Key, type RunAccepted } from '@nexus/contracts';

/** The acceptance with which a run's events begin; undefined when it is not told. */
export function acceptanceOf({ events }: Pick<GetRunResponse, 'events'>): RunAccepted | undefined {
  const first = events[0] && events[0].payloadJson !== '' ? fromJsonString(StoredRunEventSchema, events[0].payloadJson, { ignoreUnknownFields: true }) : undefined;
  return first?.event.case === 'accepted' ? first.event.value : undefined;
}

/** True when a key may follow and stop this run: an API key every run of its tenant, a surface key those of its own messages. */
export function mayFollow(key: Key, found: Pick<GetRunResponse, 'events'>): boolean {
  return key.kind === KeyKind.API || (key.id !== '' && acceptanceOf(found)?.attribution?.keyId === key.id);
}
