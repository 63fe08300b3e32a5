import { isRecord } from './invalid-input.js';

/** A whole `chat.completion` (JSON text) as the chunks (JSON texts) that a client who asked for a stream expects; none when it is not JSON. */
export function completionAsChunks(json: string, includeUsage: boolean): string[] {
  const completion = parse(json);
  if (!completion) return [];
  const { choices, usage, ...head } = completion;
  const frame = { ...head, object: 'chat.completion.chunk' };
  const asDeltas = (Array.isArray(choices) ? choices : []).filter(isRecord).map(({ message, ...choice }) => ({ ...choice, delta: withIndexedCalls(message) }));
  const chunks = [JSON.stringify({ ...frame, choices: asDeltas, ...(includeUsage && { usage: null }) })];
  if (includeUsage && isRecord(usage)) chunks.push(JSON.stringify({ ...frame, choices: [], usage }));
  return chunks;
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** In a stream a tool call says its place. */
function withIndexedCalls(message: unknown): object {
  if (!isRecord(message)) return {};
  if (!Array.isArray(message.tool_calls)) return message;
  return { ...message, tool_calls: message.tool_calls.filter(isRecord).map((call, index) => ({ index, ...call })) };
}
