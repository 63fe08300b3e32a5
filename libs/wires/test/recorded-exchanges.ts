import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AnswerEvent } from '../src/hub/answer-event.js';
import { AnswerGrower } from '../src/hub/answer-grower.js';
import type { ModelAnswer } from '../src/hub/model-answer.js';
import type { AnswerReader, ServerEvent } from '../src/hub/wire.js';

/** Real exchanges with providers, one JSON a line. They are no part of this repository. */
const FOLDER = process.env['NEXUS_WIRE_FIXTURES'] ?? fileURLToPath(new URL('../../../../shared/data/wire', import.meta.url));

/** One request that a provider got, and what it answered. */
export interface RecordedExchange {
  readonly name: string;
  readonly status: number;
  readonly request: Readonly<Record<string, unknown>> | null;
  /** The JSON of an answer that came whole. */
  readonly body: Readonly<Record<string, unknown>> | null;
  /** The events of an answer that came as a stream. */
  readonly events: readonly ServerEvent[] | undefined;
}

/** The exchanges of a file such as `openai-chat`; undefined where there is none. */
export function recordedExchanges(wire: string): readonly RecordedExchange[] | undefined {
  const file = `${FOLDER}/${wire}.jsonl`;
  if (!existsSync(file)) return undefined;
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const { file: source, i, status, req, body, raw, sse } = JSON.parse(line) as { file: string; i: number; status: number; req: RecordedExchange['request']; body: RecordedExchange['body']; raw: string | null; sse: boolean };
      return { name: `${source.replace(/^.*\//, '')} #${i}`, status, request: req, body, events: sse ? serverEvents(raw ?? '') : undefined };
    });
}

/** The events in the text of a stream; `[DONE]` is none. */
export function serverEvents(text: string): ServerEvent[] {
  return text.split(/\r?\n\r?\n/).flatMap((block): ServerEvent[] => {
    const event = /^event: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.*)$/m.exec(block)?.[1];
    return data === undefined || data === '[DONE]' ? [] : [{ event, json: JSON.parse(data) as Record<string, unknown> }];
  });
}

/** What a reader makes of events. */
export function readEvents(reader: AnswerReader, events: readonly ServerEvent[]): AnswerEvent[] {
  return events.flatMap((event) => reader.read(event));
}

/** The answer of events. */
export function grownAnswer(events: readonly AnswerEvent[]): ModelAnswer {
  const grower = new AnswerGrower();
  for (const event of events) grower.add(event);
  return grower.answer();
}

/** The same answer in many small events: each text as one event for each of its characters. */
export function inSmallPieces(events: readonly AnswerEvent[]): AnswerEvent[] {
  return events.flatMap((event): AnswerEvent[] => {
    if (event.kind === 'tool_call') return [{ ...event, arguments: '' }, ...[...event.arguments].map((text) => ({ ...event, id: '', name: '', arguments: text }))];
    if (event.kind !== 'text' && event.kind !== 'reasoning' && event.kind !== 'refusal') return [event];
    return event.text === '' ? [event] : [...event.text].map((text) => ({ ...event, text }));
  });
}
