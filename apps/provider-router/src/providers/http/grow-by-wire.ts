import { AnswerGrower, type AnswerEvent, type AnswerReader, type FinishReason, type ModelAnswer } from '@nexus/wires';
import type { Usage } from '../provider-outcome.js';
import type { GrowingAnswer } from './growing-answer.js';
import { textOfParts } from './text-of-parts.js';

/** Grows an answer by what the reader of its wire says. */
export class GrowByWire implements GrowingAnswer {
  private readonly grower = new AnswerGrower();
  private told: { id?: string | undefined; model?: string | undefined; usage?: Usage; finishReason?: FinishReason } = {};

  constructor(
    private readonly reader: AnswerReader,
    /** The wire has a last event, behind which nothing comes. */
    private readonly hasLastEvent: boolean,
  ) {}

  add(chunk: Readonly<Record<string, unknown>>, event: string | undefined): readonly AnswerEvent[] {
    const said = this.reader.read({ event, json: chunk });
    for (const it of said) {
      this.grower.add(it);
      if (it.kind === 'start') this.told = { id: it.id, model: it.model, ...this.told };
      else if (it.kind === 'usage') this.told.usage = { ...it.usage, estimated: false };
      else if (it.kind === 'finish') this.told.finishReason = it.reason;
    }
    return said;
  }

  get id(): string | undefined {
    return this.told.id;
  }

  get model(): string | undefined {
    return this.told.model;
  }

  get usage(): Usage | undefined {
    return this.told.usage;
  }

  get pieces(): number {
    return this.grower.pieces;
  }

  get hasContent(): boolean {
    return this.grower.pieces > 0 || this.grower.isFinished;
  }

  get isFinished(): boolean {
    return this.grower.isFinished;
  }

  get isDone(): boolean {
    return this.hasLastEvent && this.reader.isDone;
  }

  get finishReason(): FinishReason {
    return this.told.finishReason ?? 'other';
  }

  answer(): ModelAnswer {
    return this.grower.answer();
  }

  allText(): string {
    return textOfParts(this.grower.answer().parts);
  }
}
