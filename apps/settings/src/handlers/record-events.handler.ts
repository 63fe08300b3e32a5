import { Inject, Injectable } from '@nestjs/common';
import type { Message } from '@nexus/channels';
import { raisedEventJson } from '@nexus/contracts';
import { AppError, isUuid, type Clock } from '@nexus/core';
import { CLOCK } from '@nexus/runtime';
import { DeliveryRepository, type RecordedEvent } from '../storage/delivery.repository.js';
import { DeliverEvents } from './deliver-events.js';

const LONGEST_ID = 200;
const LONGEST_TYPE = 100;
const LONGEST_DATA = 65_536;

/** Makes deliveries of events: one for each webhook of the tenant that wants the event, however often it is told. */
@Injectable()
export class RecordEventsHandler {
  constructor(
    private readonly deliveries: DeliveryRepository,
    private readonly sender: DeliverEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws an AppError `invalid_event` when an event cannot be delivered as it is. */
  async handle(batch: readonly Message<'events.raised'>[]): Promise<void> {
    const events = new Map<string, RecordedEvent[]>();
    for (const message of batch) {
      const known = events.get(message.tenantId);
      const event = recordedEvent(message);
      if (known === undefined) events.set(message.tenantId, [event]);
      else if (!known.some(({ id }) => id === event.id)) known.push(event);
    }
    const recorded = await this.deliveries.record(events, new Date(this.clock.now()));
    if (recorded > 0) this.sender.wake();
  }
}

function recordedEvent({ id, tenantId, timestamp, payload }: Message<'events.raised'>): RecordedEvent {
  const { type, subject, atMs, dataJson } = payload;
  if (!isUuid(tenantId)) throw invalid('An event needs a tenant, whose id is a UUID.', 'tenant');
  // It becomes a header: what is no visible ASCII cannot stand there.
  if (id.length > LONGEST_ID || !/^[\x21-\x7e]+$/.test(id)) throw invalid(`The id of an event has 1 to ${LONGEST_ID} visible ASCII characters.`, 'id');
  if (type.length > LONGEST_TYPE || !/^[a-z]+(\.[a-z]+)+$/.test(type)) throw invalid('The type of an event is words in lower case, joined by dots.', 'type');
  const at = new Date(atMs === 0n ? timestamp : Number(atMs));
  if (Number.isNaN(at.getTime())) throw invalid('The time of an event is out of range.', 'at_ms');
  const body = JSON.stringify(raisedEventJson({ id, type, subject, atMs: at.getTime(), data: dataOf(dataJson) }));
  return { id, type, body };
}

function dataOf(json: string): Record<string, unknown> {
  if (Buffer.byteLength(json) > LONGEST_DATA) throw invalid(`The data of an event has at most ${LONGEST_DATA} bytes.`, 'data_json');
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw invalid('The data of an event is not JSON.', 'data_json');
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw invalid('The data of an event is a JSON object.', 'data_json');
  return data as Record<string, unknown>;
}

function invalid(message: string, param: string): AppError {
  return new AppError('invalid_event', message, { status: 400, param });
}
