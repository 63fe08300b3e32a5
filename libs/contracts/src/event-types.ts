/** The events that those outside can ask for, with what is their source as a CloudEvent. */
const sources = {
  'run.finished': '/nexus/runs',
  'approval.asked': '/nexus/approvals',
  'budget.reached': '/nexus/budgets',
  'provider.limited': '/nexus/providers',
} as const;

/** A type of `events.raised`, as webhooks name it. */
export type EventType = keyof typeof sources;

/** Every type of event that a webhook can ask for. */
export const eventTypes = Object.keys(sources) as EventType[];

/** What is sent to try a webhook; nobody can ask for it. */
export const TEST_EVENT_TYPE = 'webhook.test';

/** An event of `events.raised`, as far as a CloudEvent tells it. */
export interface RaisedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The event as a CloudEvent 1.0 in structured mode. Its type is `nexus.<type>.v1`: another meaning of its data will have another number.
 * `source` and `id` together are the event's for ever, so that who gets it twice can tell.
 */
export function raisedEventJson({ id, type, subject, atMs, data }: RaisedEvent): Readonly<Record<string, unknown>> {
  return {
    specversion: '1.0',
    id,
    source: Object.hasOwn(sources, type) ? sources[type as EventType] : '/nexus',
    type: `nexus.${type}.v1`,
    ...(subject !== '' && { subject }),
    time: new Date(atMs).toISOString(),
    datacontenttype: 'application/json',
    data,
  };
}
