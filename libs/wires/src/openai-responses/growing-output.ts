import type { AnswerEvent } from '../hub/answer-event.js';
import { objectsOf, stringOf, type JsonObject } from '../hub/json-object.js';
import { readCallHead, readOutput } from './read-answer.js';

/** A part of the answer as it grows. */
interface GrowingPart {
  readonly index: number;
  /** How much of its text came. */
  length: number;
  /** Which of a thought's texts grows, and its paragraph. */
  source?: string;
  paragraph?: number;
}

/** The output of one streamed response: which of its items are which parts of the answer. */
export class GrowingOutput {
  hasCalls = false;
  /** By the item's place, and the place of the text in it. */
  private readonly parts = new Map<string, GrowingPart>();
  private readonly settled = new Set<number>();

  /** An item begins: of a call this says which tool is called; a thought or a message begins with its first text. */
  begin(place: number, item: JsonObject): AnswerEvent[] {
    if (item.type !== 'function_call' && item.type !== 'custom_tool_call') return [];
    this.hasCalls = true;
    const part = this.partOf(`${place}`);
    const text = item.type === 'function_call' ? stringOf(item.arguments) : '';
    part.length += text.length;
    return [{ kind: 'tool_call', index: part.index, ...readCallHead(item), arguments: text }];
  }

  /** More of a text. */
  grow(place: number, kind: 'text' | 'refusal', content: number, text: string): AnswerEvent[] {
    if (text === '') return [];
    const part = this.partOf(`${place}.${content}`);
    part.length += text.length;
    return [{ kind, index: part.index, text }];
  }

  /** More of a thought; its paragraphs have a blank line between. Where a model shows thoughts and their summary, the first to come counts. */
  think(place: number, source: string, paragraph: number, text: string): AnswerEvent[] {
    if (text === '') return [];
    const part = this.partOf(`${place}`);
    if ((part.source ??= source) !== source) return [];
    const gap = part.paragraph !== undefined && part.paragraph !== paragraph ? '\n\n' : '';
    part.paragraph = paragraph;
    part.length += gap.length + text.length;
    return [{ kind: 'reasoning', index: part.index, text: gap + text }];
  }

  /** More of a call's arguments. */
  growCall(place: number, text: string): AnswerEvent[] {
    const part = this.parts.get(`${place}`);
    if (!part || text === '') return [];
    part.length += text.length;
    return [{ kind: 'tool_call', index: part.index, id: '', name: '', arguments: text }];
  }

  /** An item is whole: what did not come of it yet, and the proof of a thought. */
  settle(place: number, item: JsonObject): AnswerEvent[] {
    if (this.settled.has(place)) return [];
    this.settled.add(place);
    if (item.type === 'message') return objectsOf(item.content).flatMap((content, i) => this.settlePart(`${place}.${i}`, { type: 'message', content: [content] }));
    return this.settlePart(`${place}`, item);
  }

  private settlePart(key: string, item: JsonObject): AnswerEvent[] {
    return readOutput(item).flatMap((whole): AnswerEvent[] => {
      const isNew = !this.parts.has(key);
      const part = this.partOf(key);
      const { index, length } = part;
      switch (whole.kind) {
        case 'text':
        case 'refusal': {
          const text = whole.text.slice(length);
          return text === '' && !isNew ? [] : [{ kind: whole.kind, index, text }];
        }
        case 'reasoning': {
          const { kind, text, signature, isRedacted } = whole;
          const rest = text.slice(length);
          return rest === '' && signature === undefined ? [] : [{ kind, index, text: rest, signature, isRedacted }];
        }
        case 'tool_call': {
          this.hasCalls = true;
          const rest = whole.arguments.slice(length);
          if (isNew) return [{ ...whole, index }];
          return rest === '' ? [] : [{ kind: 'tool_call', index, id: '', name: '', arguments: rest }];
        }
        default:
          return [];
      }
    });
  }

  private partOf(key: string): GrowingPart {
    const known = this.parts.get(key);
    if (known) return known;
    const part: GrowingPart = { index: this.parts.size, length: 0 };
    this.parts.set(key, part);
    return part;
  }
}
