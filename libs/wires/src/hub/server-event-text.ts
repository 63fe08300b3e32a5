/** A server-sent event as text, its blank line included: `event:` where the wire names its events, and the JSON on one `data:` line. */
export function serverEventText(json: unknown, event?: string): string {
  const data = `data: ${JSON.stringify(json)}\n\n`;
  return event === undefined ? data : `event: ${event}\n${data}`;
}
