import type { AnswerEvent } from './answer-event.js';
import type { ModelAnswer } from './model-answer.js';
import type { ModelPart } from './model-part.js';

/** A whole answer as the events of a stream, each part in one piece. Parts that no answer has (pictures, results of tools) are passed over. */
export function answerAsEvents(answer: ModelAnswer): AnswerEvent[] {
  const events: AnswerEvent[] = [{ kind: 'start', id: answer.id, model: answer.model }];
  let index = 0;
  for (const part of answer.parts) {
    const event = eventOf(part, index);
    if (!event) continue;
    events.push(event);
    index++;
  }
  if (answer.usage) events.push({ kind: 'usage', usage: answer.usage });
  events.push({ kind: 'finish', reason: answer.finishReason, ...(answer.stopSequence !== undefined && { stopSequence: answer.stopSequence }) });
  return events;
}

function eventOf(part: ModelPart, index: number): AnswerEvent | undefined {
  switch (part.kind) {
    case 'text':
      return { kind: 'text', index, text: part.text, ...signatureOf(part) };
    case 'reasoning':
      return { kind: 'reasoning', index, text: part.text, ...signatureOf(part), ...(part.isRedacted === true && { isRedacted: true }) };
    case 'refusal':
      return { kind: 'refusal', index, text: part.text };
    case 'tool_call':
      return { kind: 'tool_call', index, id: part.id, name: part.name, arguments: part.arguments, ...signatureOf(part) };
    default:
      return undefined;
  }
}

function signatureOf({ signature }: { readonly signature?: string | undefined }): { readonly signature?: string } {
  return signature === undefined ? {} : { signature };
}
