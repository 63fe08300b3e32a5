import { Wire } from '@nexus/contracts';
import { anthropic, answerAsEvents, openAiChat, openAiResponses, type AnswerEvent, type AnswerFrame, type ClientWire, type ModelAnswer } from '@nexus/wires';

/** What the fake router says: the text, or a call of the first tool that is offered, until it was answered; JSON where that is asked for. */
export interface HubAnswer {
  readonly whole: string;
  /** Server-sent events, one piece each. */
  readonly streamed: readonly string[];
}

const wires: ReadonlyMap<Wire, ClientWire> = new Map<Wire, ClientWire>([[Wire.OPENAI_CHAT, openAiChat], [Wire.OPENAI_RESPONSES, openAiResponses], [Wire.ANTHROPIC_MESSAGES, anthropic]]);
const ID: Readonly<Record<number, string>> = { [Wire.OPENAI_CHAT]: 'chatcmpl-upstream', [Wire.ANTHROPIC_MESSAGES]: 'msg_upstream' };
/** A tool of this name is how some clients ask for JSON. */
const JSON_TOOL = 'json';

/** Undefined where there is nothing to say but the text, in OpenAI's chat. */
export function hubAnswer(wireName: Wire, body: unknown, model: string, chunks: readonly string[], attemptId: string): HubAnswer | undefined {
  const wire = wires.get(wireName);
  if (!wire) return undefined;
  const request = wire.readRequest(body);
  const frame: AnswerFrame = { id: wireName === Wire.OPENAI_RESPONSES ? `resp_${attemptId.replaceAll('-', '')}` : (ID[wireName] ?? ''), model, createdAt: 1_763_600_000, request };
  const isAnswered = request.messages.some(({ role }) => role === 'tool');
  const isJson = request.responseFormat?.kind === 'schema';
  if (wireName === Wire.OPENAI_CHAT && !isAnswered && !isJson) return undefined;
  const tool = isAnswered ? undefined : request.tools[0]?.name;
  const said = isJson ? ['{"answer"', ':42}'] : chunks;
  const answer: ModelAnswer = {
    id: frame.id,
    model,
    parts: tool === undefined ? [{ kind: 'text', text: said.join('') }] : [{ kind: 'tool_call', id: 'call_1', name: tool, arguments: tool === JSON_TOOL ? '{"answer":42}' : '{"city":"Oslo"}' }],
    finishReason: tool === undefined ? 'stop' : 'tool_calls',
    usage: { input: 9, output: 4, cacheRead: 0, cacheWrite: 0, reasoning: undefined },
  };
  const writer = wire.writer(frame);
  const events = answerAsEvents(answer).flatMap((event): AnswerEvent[] => (event.kind === 'text' ? said.map((text) => ({ ...event, text })) : [event]));
  return { whole: JSON.stringify(wire.writeAnswer(answer, frame)), streamed: [...events.map((event) => writer.write(event)), writer.end()].filter((text) => text !== '') };
}

/** Two numbers for each input, as numbers or as base64 of their 32-bit floats. */
export function embeddingsAnswer({ input, encoding_format }: { input?: unknown; encoding_format?: unknown }, model: string): string {
  const inputs = Array.isArray(input) && typeof input[0] !== 'number' ? (input as unknown[]) : [input];
  const vector = [0.5, -0.25];
  const embedding = encoding_format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector;
  return JSON.stringify({ object: 'list', model, data: inputs.map((_, index) => ({ object: 'embedding', index, embedding })), usage: { prompt_tokens: 3, total_tokens: 3 } });
}
