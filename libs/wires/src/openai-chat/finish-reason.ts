import type { FinishReason } from '../hub/model-answer.js';

/** Every provider's word for why a model stopped. `stop` with tool calls in the message is a call for tools, whatever the word says. */
export function readFinishReason(word: string | undefined, hasToolCalls: boolean): FinishReason {
  switch (word) {
    case 'stop':
    case 'stop_sequence':
    case 'end_turn':
    case 'eos':
    case 'STOP':
      return hasToolCalls ? 'tool_calls' : 'stop';
    case 'tool_calls':
    case 'tool_use':
    case 'function_call':
      return 'tool_calls';
    case 'length':
    case 'max_tokens':
    case 'model_length':
    case 'MAX_TOKENS':
      return 'length';
    case 'content_filter':
    case 'refusal':
    case 'safety':
    case 'SAFETY':
    case 'RECITATION':
      return 'content_filter';
    case 'error':
    case 'insufficient_system_resource':
      return 'error';
    default:
      return hasToolCalls ? 'tool_calls' : 'other';
  }
}

/** OpenAI's word. It has none for a model that broke off: `length` says at least that the answer is not whole. */
export function writeFinishReason(reason: FinishReason): string {
  switch (reason) {
    case 'stop':
    case 'other':
      return 'stop';
    case 'length':
    case 'error':
      return 'length';
    case 'tool_calls':
      return 'tool_calls';
    case 'content_filter':
      return 'content_filter';
  }
}
