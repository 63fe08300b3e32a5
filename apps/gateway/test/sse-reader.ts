/** One server-sent event as it was sent. */
export interface ReadEvent {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: Record<string, unknown>;
}

/** Reads a response's events one after the other; comments are left out. */
export async function* readEvents(response: Response): AsyncGenerator<ReadEvent> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) if (!event.startsWith(':')) yield parse(event);
  }
}

function parse(event: string): ReadEvent {
  const fields = new Map(event.split('\n').map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  return { event: fields.get('event'), id: fields.get('id'), data: JSON.parse(fields.get('data') ?? '{}') as Record<string, unknown> };
}

/** Reads so many events and leaves. */
export async function take(response: Response, count: number): Promise<ReadEvent[]> {
  const taken: ReadEvent[] = [];
  for await (const event of readEvents(response)) if (taken.push(event) === count) break;
  return taken;
}
