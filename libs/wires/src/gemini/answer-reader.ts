import type { AnswerEvent } from '../hub/answer-event.js';
import type { AnswerReader, ServerEvent } from '../hub/wire.js';
import { finishReasonOf } from './finish-reason.js';
import { readUsage } from './read-usage.js';
import { errorIn, parseResponse, type GeminiPart, type GeminiResponse } from './response.js';
import { keptSignature } from './signature.js';

/**
 * Reads the chunks of a stream, each a GenerateContentResponse of its own; a whole answer is one such chunk. Parts with nothing that the
 * hub knows (Google's own tools, their code) say nothing.
 */
export class GeminiAnswerReader implements AnswerReader {
  private hasBegun = false;
  private answerId: string | undefined;
  private next = 0;
  /** The part that further text belongs to. */
  private open: { readonly kind: 'text' | 'reasoning'; readonly index: number } | undefined;
  private calls = 0;
  private finish: string | undefined;

  get isDone(): boolean {
    return this.finish !== undefined;
  }

  read({ json }: ServerEvent): readonly AnswerEvent[] {
    const error = errorIn(json);
    if (error) return [{ kind: 'error', body: error.body }];
    const response = parseResponse(json);
    if (!response) return [];
    const candidate = response.candidates?.[0];
    const events = this.begin(response);
    for (const part of candidate?.content?.parts ?? []) events.push(...this.partEvents(part));
    const usage = readUsage(response.usageMetadata);
    if (usage) events.push({ kind: 'usage', usage });
    const reason = this.reasonIn(response);
    if (reason !== undefined && reason !== this.finish) {
      this.finish = reason;
      events.push({ kind: 'finish', reason });
    }
    return events;
  }

  private begin({ responseId, modelVersion }: GeminiResponse): AnswerEvent[] {
    if (this.hasBegun) return [];
    this.hasBegun = true;
    this.answerId = responseId;
    return [{ kind: 'start', id: responseId, model: modelVersion }];
  }

  private reasonIn({ candidates, promptFeedback }: GeminiResponse) {
    const word = candidates?.[0]?.finishReason;
    if (word !== undefined && word !== 'FINISH_REASON_UNSPECIFIED') return finishReasonOf(word, this.calls > 0);
    // A question that was refused has no candidates.
    return promptFeedback?.blockReason !== undefined && !candidates?.length ? ('content_filter' as const) : undefined;
  }

  private partEvents({ text, thought, thoughtSignature, functionCall }: GeminiPart): AnswerEvent[] {
    const signed = keptSignature(thoughtSignature);
    if (functionCall) {
      this.open = undefined;
      const { id, name, args } = functionCall;
      const own = this.callId();
      return [{ kind: 'tool_call', index: this.next++, id: id || own, name, arguments: args === undefined ? '' : JSON.stringify(args), ...signed }];
    }
    if (text === undefined || (text === '' && signed.signature === undefined)) return [];
    const kind = thought === true ? 'reasoning' : 'text';
    const index = this.open?.kind === kind ? this.open.index : this.next++;
    // A signature is of all that came before it in its part, and has to come back with just that.
    this.open = signed.signature === undefined ? { kind, index } : undefined;
    return [{ kind, index, text, ...signed }];
  }

  /** Gemini names few of its calls. The name is the same whenever the answer is read, and no other in the conversation. */
  private callId(): string {
    return this.answerId === undefined ? `call_${this.calls++}` : `call_${this.answerId}_${this.calls++}`;
  }
}
