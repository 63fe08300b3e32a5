/** One server-sent event; `data` must be one line, as JSON is. */
export interface ServerSentEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data: string;
}

/** The text of an event, with the blank line that ends it. */
export function formatEvent(event: ServerSentEvent): string {
  const name = event.event === undefined ? '' : `event: ${event.event}\n`;
  const id = event.id === undefined ? '' : `id: ${event.id}\n`;
  return `${name}${id}data: ${event.data}\n\n`;
}

/** What ends a stream in OpenAI's protocol. */
export const DONE_EVENT = 'data: [DONE]\n\n';

/** A line that clients skip; keeps proxies from closing a stream that is silent. */
export const HEARTBEAT = ': still here\n\n';
