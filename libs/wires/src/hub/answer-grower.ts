import type { AnswerEvent } from './answer-event.js';
import type { FinishReason, ModelAnswer, ToldUsage } from './model-answer.js';
import type { ModelPart } from './model-part.js';

type PieceEvent = Extract<AnswerEvent, { index: number }>;

/** A part as it grows: what came of its text so far. */
interface GrowingPart {
  readonly kind: PieceEvent['kind'];
  readonly index: number;
  text: string;
  id: string;
  name: string;
  signature: string | undefined;
  isRedacted: boolean;
}

/** Grows a whole answer from the events of its stream: the exact inverse of `answerAsEvents`, however the texts were cut. */
export class AnswerGrower {
  /** What the provider said when it failed in the midst of the stream. */
  error: { readonly body: unknown } | undefined;
  /** Events that held a piece of the answer: each is at least about one token. */
  pieces = 0;
  private id: string | undefined;
  private model: string | undefined;
  private usage: ToldUsage | undefined;
  private finish: { readonly reason: FinishReason; readonly stopSequence?: string | undefined } | undefined;
  private readonly parts: GrowingPart[] = [];

  /** Adds the next event. */
  add(event: AnswerEvent): void {
    switch (event.kind) {
      case 'start':
        this.id ??= event.id;
        this.model ??= event.model;
        return;
      case 'usage':
        this.usage = event.usage;
        return;
      case 'finish':
        this.finish = event;
        return;
      case 'error':
        this.error ??= { body: event.body };
        return;
      default:
        this.grow(event);
    }
  }

  /** True once the model has said why it stopped. */
  get isFinished(): boolean {
    return this.finish !== undefined;
  }

  /** The answer as far as it has come; its finish reason is `other` until one was told. */
  answer(): ModelAnswer {
    const { id, model, usage, finish } = this;
    return {
      id,
      model,
      parts: this.parts.map(partOf),
      finishReason: finish?.reason ?? 'other',
      ...(finish?.stopSequence !== undefined && { stopSequence: finish.stopSequence }),
      usage,
    };
  }

  private grow(event: PieceEvent): void {
    this.pieces++;
    // Most events belong to the part that began last.
    const known = this.parts.findLast((part) => part.index === event.index && part.kind === event.kind);
    const part: GrowingPart = known ?? { kind: event.kind, index: event.index, text: '', id: '', name: '', signature: undefined, isRedacted: false };
    if (!known) this.parts.push(part);
    if (event.kind === 'tool_call') {
      part.text += event.arguments;
      if (event.id !== '') part.id = event.id;
      if (event.name !== '') part.name = event.name;
    } else {
      part.text += event.text;
    }
    if (event.kind === 'refusal') return;
    if (event.signature !== undefined) part.signature = event.signature;
    if (event.kind === 'reasoning' && event.isRedacted === true) part.isRedacted = true;
  }
}

function partOf({ kind, text, id, name, signature, isRedacted }: GrowingPart): ModelPart {
  const signed = signature === undefined ? {} : { signature };
  switch (kind) {
    case 'text':
      return { kind, text, ...signed };
    case 'reasoning':
      return { kind, text, ...signed, ...(isRedacted && { isRedacted }) };
    case 'refusal':
      return { kind, text };
    case 'tool_call':
      return { kind, id, name, arguments: text, ...signed };
  }
}
