import type { FinishReason } from '../hub/model-answer.js';

/** What Anthropic's word for the end of an answer means. */
export function finishReasonOf(stopReason: unknown): FinishReason {
  switch (stopReason) {
    case 'end_turn':
    case 'stop_sequence':
      return 'stop';
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return 'tool_calls';
    case 'refusal':
      return 'content_filter';
    default:
      // pause_turn among them: the provider's own tools are not done, and the client may send the answer back to go on
      return 'other';
  }
}

/** How an answer ended, and what of it decides on Anthropic's words. */
export interface AnswerEnd {
  readonly reason: FinishReason;
  readonly stopSequence: string | undefined;
  readonly hasToolCalls: boolean;
  readonly hasRefusal: boolean;
}

/**
 * The end of an answer in Anthropic's words. Clients carry out tools on `tool_use` alone, so it is said whenever a whole answer has calls,
 * and never when it has none. A model that broke off for a reason of its own has not ended its turn: that is a refusal with its explanation.
 */
export function writeStop({ reason, stopSequence, hasToolCalls, hasRefusal }: AnswerEnd): Record<string, unknown> {
  const word = stopReasonOf(reason, hasToolCalls, hasRefusal, stopSequence !== undefined);
  const explanation = reason === 'error' ? 'The model broke off.' : null;
  return {
    stop_reason: word,
    stop_sequence: word === 'stop_sequence' ? stopSequence : null,
    stop_details: word === 'refusal' ? { type: 'refusal', category: null, explanation } : null,
  };
}

function stopReasonOf(reason: FinishReason, hasToolCalls: boolean, hasRefusal: boolean, hasStopSequence: boolean): string {
  switch (reason) {
    case 'length':
      return 'max_tokens';
    case 'content_filter':
    case 'error':
      return 'refusal';
    case 'stop':
    case 'tool_calls':
    case 'other':
      if (hasToolCalls) return 'tool_use';
      if (hasRefusal) return 'refusal';
      return hasStopSequence ? 'stop_sequence' : 'end_turn';
  }
}
