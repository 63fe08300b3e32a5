import { apiKey } from './nexus-apart.js';

/** One server-sent event of a run. */
export interface RunEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };

/** A request to a gateway; fails unless it is answered with 2xx. */
export async function ask(url: string, body?: object, more: Readonly<Record<string, string>> = {}): Promise<Response> {
  const response = await fetch(url, { method: body === undefined ? 'GET' : 'POST', headers: { ...headers, ...more }, ...(body !== undefined && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response;
}

/** A new thread's id. */
export async function newThread(url: string): Promise<string> {
  return ((await (await ask(`${url}/v1/threads`, {})).json()) as { id: string }).id;
}

/** The events of a stream as they come; ends with it, also when its server dies. */
async function* readRunEvents(response: Response): AsyncGenerator<RunEvent> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes as Uint8Array, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
        const [event, data] = [fields.get('event'), fields.get('data')];
        if (event !== undefined && data !== undefined) yield { event, id: fields.get('id'), data: JSON.parse(data) as RunEvent['data'] };
      }
    }
  } catch {
    // the connection was cut
  }
}

/**
 * Reads a run to its end as a browser's EventSource does: whenever the stream breaks off, it asks again with the last event's id, at the next of `urls`.
 * `onEvent` hears every event first.
 */
export async function readToEnd(urls: readonly string[], first: Response | string, onEvent: (event: RunEvent, events: readonly RunEvent[]) => Promise<void> | void = () => undefined): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  let runId = typeof first === 'string' ? first : '';
  let lastId: string | undefined;
  let response = typeof first === 'string' ? undefined : first;
  for (let turn = 0; turn < 50; turn++) {
    response ??= await ask(`${urls[turn % urls.length] ?? ''}/v1/runs/${runId}/stream`, undefined, lastId === undefined ? {} : { 'last-event-id': lastId });
    for await (const event of readRunEvents(response)) {
      events.push(event);
      lastId = event.id ?? lastId;
      if (event.event === 'accepted') runId = String(event.data['run_id']);
      await onEvent(event, events);
      if (event.event === 'answer' || event.event === 'error') return events;
    }
    response = undefined;
  }
  throw new Error(`the run ${runId} did not end`);
}

/** The text that a reader has at the end of these events: a reset takes all back. */
export function shownText(events: readonly RunEvent[]): string {
  const from = events.findLastIndex(({ event }) => event === 'reset') + 1;
  return events.slice(from).filter(({ event }) => event === 'text_delta').map(({ data }) => String(data['text'])).join('');
}
