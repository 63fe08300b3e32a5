import { readChatFinishReason, type AnswerEvent, type FinishReason, type ModelAnswer } from '@nexus/wires';
import type { GrowingAnswer } from '../http/growing-answer.js';
import type { Usage } from '../provider-outcome.js';
import { argumentsOf, isRecord, partsOf, readTexts, textOf, type AssistantMessage } from './read-message.js';
import { readUsage } from './read-usage.js';

interface GrowingToolCall {
  id: string;
  name: string;
  arguments: string;
  readonly index: number | undefined;
}

/** The message of one choice as it grows, chunk by chunk. */
class GrowingChoice {
  text = '';
  reasoning = '';
  refusal = '';
  finishWord: string | undefined;
  readonly toolCalls: GrowingToolCall[] = [];

  get hasContent(): boolean {
    return this.text !== '' || this.reasoning !== '' || this.refusal !== '' || this.toolCalls.length > 0 || this.finishWord !== undefined;
  }

  add(choice: Record<string, unknown>): void {
    if (typeof choice['finish_reason'] === 'string') this.finishWord = choice['finish_reason'];
    const delta = choice['delta'];
    if (!isRecord(delta)) return;
    const { text, reasoning, refusal } = readTexts(delta);
    this.text += text;
    this.reasoning += reasoning;
    this.refusal += refusal;
    if (Array.isArray(delta['tool_calls'])) for (const call of delta['tool_calls'] as unknown[]) if (isRecord(call)) this.addToolCall(call);
  }

  /** Pieces belong together by index; without one, a new id begins a new call and a piece without id goes to the last call. */
  private addToolCall(piece: Record<string, unknown>): void {
    const index = typeof piece['index'] === 'number' ? piece['index'] : undefined;
    const id = textOf(piece['id']);
    const last = this.toolCalls[this.toolCalls.length - 1];
    const fits = index === undefined ? (id === '' || id === last?.id ? last : undefined) : this.toolCalls.findLast((call) => call.index === index);
    // Some servers give every call of a message the index 0: another id and another name mean another call.
    const isOther = fits !== undefined && id !== '' && fits.id !== '' && id !== fits.id && isRecord(piece['function']) && textOf(piece['function']['name']) !== '';
    let call = isOther ? undefined : fits;
    if (!call) this.toolCalls.push((call = { id: '', name: '', arguments: '', index }));
    if (id !== '') call.id = id;
    if (!isRecord(piece['function'])) return;
    const name = textOf(piece['function']['name']);
    if (name !== '') call.name = name;
    call.arguments += argumentsOf(piece['function']['arguments']);
  }
}

const NOTHING: readonly AnswerEvent[] = [];

/**
 * Grows a whole answer from the JSON of its chunks. For answers that go through as they are: it takes what the many dialects of this wire
 * write, and makes no events.
 */
export class StreamAccumulator implements GrowingAnswer {
  id: string | undefined;
  model: string | undefined;
  /** The last usage a chunk told of; providers that tell it in every chunk count up. */
  usage: Usage | undefined;
  /** Chunks that held a piece of a message. */
  pieces = 0;
  /** The last event is no JSON. */
  readonly isDone = false;
  private readonly choices: GrowingChoice[] = [];

  add(chunk: Readonly<Record<string, unknown>>): readonly AnswerEvent[] {
    if (this.id === undefined && typeof chunk['id'] === 'string' && chunk['id'] !== '') this.id = chunk['id'];
    if (this.model === undefined && typeof chunk['model'] === 'string' && chunk['model'] !== '') this.model = chunk['model'];
    const groq = chunk['x_groq'];
    const usage = readUsage(chunk['usage']) ?? (isRecord(groq) ? readUsage(groq['usage']) : undefined);
    if (usage) this.usage = usage;
    if (!Array.isArray(chunk['choices'])) return NOTHING;
    for (const choice of chunk['choices'] as unknown[]) {
      if (!isRecord(choice)) continue;
      this.pieces++;
      const index = typeof choice['index'] === 'number' && choice['index'] >= 0 && choice['index'] < 128 ? choice['index'] : 0;
      (this.choices[index] ??= new GrowingChoice()).add(choice);
    }
    return NOTHING;
  }

  get hasContent(): boolean {
    return this.choices.some((choice) => choice.hasContent);
  }

  get isFinished(): boolean {
    return this.choices[0]?.finishWord !== undefined;
  }

  get finishReason(): FinishReason {
    const first = this.choices[0];
    return readChatFinishReason(first?.finishWord, (first?.toolCalls.length ?? 0) > 0);
  }

  answer(): ModelAnswer {
    return { id: this.id, model: this.model, parts: partsOf(this.message()), finishReason: this.finishReason, usage: this.usage };
  }

  /** The first choice's message as far as it has come. */
  message(): AssistantMessage {
    const first = this.choices[0] ?? new GrowingChoice();
    return {
      text: first.text,
      reasoning: first.reasoning === '' ? undefined : first.reasoning,
      refusal: first.refusal === '' ? undefined : first.refusal,
      toolCalls: first.toolCalls.map((call) => ({ id: call.id, name: call.name, arguments: call.arguments })),
    };
  }

  allText(): string {
    return this.choices.map((choice) => choice.text + choice.reasoning + choice.refusal + choice.toolCalls.map((call) => call.name + call.arguments).join('')).join('');
  }
}
