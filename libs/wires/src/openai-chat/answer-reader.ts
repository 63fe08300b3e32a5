import type { AnswerEvent } from '../hub/answer-event.js';
import { isObject, objectsOf, type JsonObject } from '../hub/json-object.js';
import type { AnswerReader, ServerEvent } from '../hub/wire.js';
import { readFinishReason } from './finish-reason.js';
import { GrowingCalls } from './growing-calls.js';
import { nameOf } from './read-answer.js';
import { readTexts, type TextPiece } from './read-texts.js';
import { readUsage } from './read-usage.js';

/** Reads the chunks of a streamed chat completion, its first choice. `[DONE]` is no JSON and is not asked for. */
export class ChatAnswerReader implements AnswerReader {
  isDone = false;
  private id: string | undefined;
  private hasBegun = false;
  private parts = 0;
  /** The text part that grows. */
  private open: { readonly kind: TextPiece['kind']; readonly index: number } | undefined;
  private readonly calls = new GrowingCalls(() => this.newPart());

  read({ json }: ServerEvent): readonly AnswerEvent[] {
    if (json.error !== undefined && json.error !== null) return [{ kind: 'error', body: json }];
    const events = this.begin(json);
    const choice = objectsOf(json.choices).find(isFirst);
    if (choice) events.push(...this.readChoice(choice));
    const usage = readUsage(json.usage) ?? (isObject(json.x_groq) ? readUsage(json.x_groq.usage) : undefined);
    if (usage) events.push({ kind: 'usage', usage });
    return events;
  }

  /** Azure begins with a chunk that has neither id nor model. */
  private begin(json: JsonObject): AnswerEvent[] {
    if (this.hasBegun) return [];
    const id = nameOf(json.id);
    const model = nameOf(json.model);
    if (id === undefined && model === undefined) return [];
    this.hasBegun = true;
    this.id = id;
    return [{ kind: 'start', id, model }];
  }

  private readChoice(choice: JsonObject): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    if (isObject(choice.delta)) {
      for (const { kind, text } of readTexts(choice.delta)) {
        const open = this.open?.kind === kind ? this.open : { kind, index: this.newPart() };
        this.open = open;
        events.push({ kind, index: open.index, text });
      }
      for (const piece of objectsOf(choice.delta.tool_calls)) events.push(...this.calls.add(piece, this.id));
    }
    const word = nameOf(choice.finish_reason);
    if (word !== undefined) {
      this.isDone = true;
      events.push({ kind: 'finish', reason: readFinishReason(word, !this.calls.isEmpty) });
    }
    return events;
  }

  /** Whatever begins ends the text that grew. */
  private newPart(): number {
    this.open = undefined;
    return this.parts++;
  }
}

function isFirst({ index }: JsonObject): boolean {
  return typeof index !== 'number' || index <= 0;
}
