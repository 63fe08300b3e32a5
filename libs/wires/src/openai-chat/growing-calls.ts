import type { AnswerEvent } from '../hub/answer-event.js';
import { isObject, stringOf, type JsonObject } from '../hub/json-object.js';
import { readSignature } from './call-signature.js';
import { callIdOf } from './read-answer.js';
import { readArguments } from './read-texts.js';

interface GrowingCall {
  /** The provider's own; undefined where it gives none. */
  readonly place: number | undefined;
  /** The provider's own; empty where it gives none. */
  id: string;
  /** Its part of the answer, once its name is known. */
  part: number | undefined;
  /** Arguments that came before the name. */
  held: string;
}

/** The tool calls of one streamed answer, whose pieces come in as many ways as there are providers. */
export class GrowingCalls {
  private readonly calls: GrowingCall[] = [];

  /** `newPart` gives the number of the next part of the answer. */
  constructor(private readonly newPart: () => number) {}

  get isEmpty(): boolean {
    return this.calls.length === 0;
  }

  /** What a piece adds; nothing as long as nobody knows which tool is called. */
  add(piece: JsonObject, answerId: string | undefined): AnswerEvent[] {
    if (!isObject(piece.function)) return [];
    const name = stringOf(piece.function.name);
    const call = this.callOf(piece, name);
    const text = readArguments(piece.function.arguments);
    if (call.part !== undefined) {
      const signature = readSignature(piece);
      return text === '' && signature.signature === undefined ? [] : [{ kind: 'tool_call', index: call.part, id: '', name: '', arguments: text, ...signature }];
    }
    call.held += text;
    if (name === '') return [];
    call.part = this.newPart();
    return [{ kind: 'tool_call', index: call.part, id: call.id || callIdOf(answerId, this.calls.indexOf(call)), name, arguments: call.held, ...readSignature(piece) }];
  }

  /** Pieces belong together by index; without one, a new id begins a new call and a piece without id goes to the last call. */
  private callOf(piece: JsonObject, name: string): GrowingCall {
    const place = typeof piece.index === 'number' ? piece.index : undefined;
    const id = stringOf(piece.id);
    const last = this.calls.at(-1);
    const fits = place === undefined ? (id === '' || id === last?.id ? last : undefined) : this.calls.findLast((call) => call.place === place);
    // Some servers give every call of a message the index 0: another id and another name mean another call.
    const isOther = fits !== undefined && id !== '' && fits.id !== '' && id !== fits.id && name !== '';
    if (fits && !isOther) {
      if (fits.id === '') fits.id = id;
      return fits;
    }
    const call: GrowingCall = { place, id, part: undefined, held: '' };
    this.calls.push(call);
    return call;
  }
}
