import { AnswerGrower } from '../hub/answer-grower.js';
import type { AnswerEvent } from '../hub/answer-event.js';
import type { ModelAnswer } from '../hub/model-answer.js';
import type { ModelRequest } from '../hub/model-request.js';
import type { AnswerFrame, ServerEvent } from '../hub/wire.js';
import { anthropic } from './anthropic.js';

/** The events of a stream's text; throws for an event whose name is not the type of its JSON. */
export function serverEvents(text: string): ServerEvent[] {
  return text.split('\n\n').flatMap((block) => {
    const [, event, data] = /^event: (.+)\ndata: (.+)$/s.exec(block.trim()) ?? [];
    if (event === undefined || data === undefined) return [];
    const json = JSON.parse(data) as Record<string, unknown>;
    if (json['type'] !== event) throw new Error(`the event ${event} holds a ${String(json['type'])}`);
    return [{ event, json }];
  });
}

/** What a stream's text says when it is read as Anthropic's. */
export function eventsIn(text: string): AnswerEvent[] {
  const reader = anthropic.reader();
  return serverEvents(text).flatMap((event) => reader.read(event));
}

/** The answer that grows from the events. */
export function grown(events: readonly AnswerEvent[]): ModelAnswer {
  const grower = new AnswerGrower();
  for (const event of events) grower.add(event);
  return grower.answer();
}

/** A request of which nothing matters but what is given. */
export function requestOf(said: Partial<ModelRequest> = {}): ModelRequest {
  return { model: 'claude-opus-4-8', isStream: false, messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hello.' }] }], tools: [], stop: [], ...said };
}

/** A frame for a client that asked to see the thoughts. */
export function frameOf(said: Partial<ModelRequest> = { reasoning: { isShown: true } }): AnswerFrame {
  return { id: 'msg_1', model: 'best', createdAt: 1_790_000_000, request: requestOf(said) };
}

/** The text of the stream in which a client gets the events. */
export function writtenStream(events: readonly AnswerEvent[], frame = frameOf()): string {
  const writer = anthropic.writer(frame);
  return events.map((event) => writer.write(event)).join('') + writer.end();
}
