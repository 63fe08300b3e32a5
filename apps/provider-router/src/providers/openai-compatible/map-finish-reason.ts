import type { FinishReason } from '@nexus/wires';

/** Every provider's word for why a model stopped. `stop` with tool calls in the message is a call for tools, whatever the word says. */
export function mapFinishReason(word: string | undefined, hasToolCalls: boolean): FinishReason {
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
